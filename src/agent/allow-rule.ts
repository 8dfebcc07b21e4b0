import { BlockList } from "node:net";
import { type Address, type AddressKind, kindOf, parseAddress } from "../transport/addresses.js";
import { HoopError } from "../vocabulary/index.js";

/** One `--allow`. */
export interface AllowRule {
  /** As it was written. */
  readonly text: string;
  allowsPort(port: number): boolean;
  /** Whether the rule speaks of this name; lower case, without a trailing dot. */
  allowsName(name: string): boolean;
  /** Whether any address can match, however it was found. */
  readonly byAddress: boolean;
  /** Whether the rule speaks of this address by itself, not by a name that led to it. */
  allowsAddress(address: Address): boolean;
}

const hint = "examples: pg.internal:5432   *.db.internal:5432   10.0.0.0/8:5432   [fd00::/8]:5432,5433   127.0.0.1:*";

/**
 * Reads one rule: `host:ports`.
 *
 * - `host` is a name (`pg.internal`), a pattern of names (`*.db.internal`: one or more labels before the suffix), an address
 *   (`10.1.2.3`, `[fd00::5]`), a network (`10.0.0.0/8`, `[fd00::/8]`), `localhost`, or `*`: every name and every address.
 * - `ports` is a list of ports and ranges (`5432`, `5432,5433`, `8000-8999`) or `*`. It must be said.
 *
 * A name, a pattern or `*` never leads to loopback, link-local, multicast or unspecified addresses, whatever the name
 * resolves to. Loopback is allowed by `localhost`, or by an address or network inside of loopback; link-local by an address
 * or network inside of link-local. The metadata services of clouds are allowed by nothing.
 *
 * Throws HoopError `invalid`.
 */
export function parseAllowRule(text: string): AllowRule {
  const wrong = (why: string) =>
    new HoopError("invalid", `--allow ${JSON.stringify(text.slice(0, 200))}: ${why}`, { hint });
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):([0-9*,-]+)$/.exec(text.trim());
  if (match === null) throw wrong("a rule is host:ports, with IPv6 in brackets");
  // `*.` is no spelling of `*`.
  const host = (match[1] ?? match[2]!).toLowerCase().replace(/(?<=[^*])\.$/, "");
  const allowsPort = parsePorts(match[3]!);
  if (allowsPort === null) throw wrong("ports are 1 to 65535: 5432, 8000-8999, a list of these, or *");
  const rule = match[1] === undefined ? (nameRule(host) ?? networkRule(host)) : networkRule(host);
  if (rule === null) throw wrong(`${JSON.stringify(host)} is no name, address or network`);
  if (rule === "metadata")
    throw wrong("metadata services of clouds, multicast and unspecified addresses are never dialled");
  return { text: text.trim(), allowsPort, ...rule };
}

type HostRule = Pick<AllowRule, "allowsName" | "byAddress" | "allowsAddress">;

const label = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?";
const namePattern = new RegExp(`^${label}(\\.${label})*$`);

/** Whether this can be a name at all. One whose last label is a number would be read as an address by resolvers. */
export function isName(text: string): boolean {
  return text.length <= 253 && namePattern.test(text) && !/(^|\.)(\d+|0x[0-9a-f]*)$/.test(text);
}

function nameRule(host: string): HostRule | null {
  if (host === "*") {
    return {
      allowsName: (name) => name !== "localhost",
      byAddress: true,
      allowsAddress: (address) => kindOf(address) === "ordinary",
    };
  }
  if (host === "localhost") {
    return { allowsName: (name) => name === "localhost", byAddress: true, allowsAddress: isLocalhost };
  }
  const names = { byAddress: false, allowsAddress: () => false };
  if (host.startsWith("*.")) {
    const suffix = host.slice(1);
    return isName(suffix.slice(1)) ? { allowsName: (name) => name.endsWith(suffix), ...names } : null;
  }
  return isName(host) ? { allowsName: (name) => name === host, ...names } : null;
}

function isLocalhost({ text }: Address): boolean {
  return text === "127.0.0.1" || text === "0:0:0:0:0:0:0:1";
}

function networkRule(host: string): HostRule | "metadata" | null {
  const [base = "", bits] = host.split("/");
  const address = parseAddress(base);
  const written = base.includes(":") ? 128 : 32;
  if (address === null || (bits !== undefined && !/^\d{1,3}$/.test(bits)) || Number(bits ?? 0) > written) return null;
  // A network of addresses that embed IPv4 is that IPv4 network.
  const length = Number(bits ?? written) - (written === 128 && address.family === 4 ? 96 : 0);
  if (length < 0) return null;
  const type = address.family === 4 ? "ipv4" : "ipv6";
  const network = new BlockList();
  network.addSubnet(address.text, length, type);
  const inside = kindOf(address);
  if (inside === "metadata" || inside === "unusable") {
    // A wide network begins at the unspecified address (0.0.0.0/0, ::/0); any other means what it says.
    const wide = /^[0.:]+$/.test(address.text) && length < 8;
    if (!wide) return "metadata";
  }
  const special = specialIn(inside, address, length);
  return {
    allowsName: () => false,
    byAddress: true,
    allowsAddress: (candidate) => {
      if (candidate.family !== address.family || !network.check(candidate.text, type)) return false;
      const kind = kindOf(candidate);
      return kind === "ordinary" || kind === special;
    },
  };
}

/** The special kind that a network lies in as a whole, and so was meant. */
function specialIn(kind: AddressKind, { family }: Address, length: number): AddressKind | null {
  if (kind === "loopback") return length >= (family === 4 ? 8 : 128) ? "loopback" : null;
  if (kind === "link-local") return length >= (family === 4 ? 16 : 10) ? "link-local" : null;
  return null;
}

function parsePorts(text: string): ((port: number) => boolean) | null {
  if (text === "*") return () => true;
  const ranges: (readonly [number, number])[] = [];
  for (const part of text.split(",")) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
    if (match === null) return null;
    const from = Number(match[1]);
    const to = Number(match[2] ?? match[1]);
    if (from < 1 || to > 65_535 || from > to) return null;
    ranges.push([from, to]);
  }
  return (port) => ranges.some(([from, to]) => port >= from && port <= to);
}
