import { BlockList, isIP } from "node:net";

/** An address in one form: an IPv4 inside of an IPv6 is the IPv4. */
export interface Address {
  readonly text: string;
  readonly family: 4 | 6;
}

/** What kind of place an address is; `ordinary` ones are the only ones that names and wildcards may lead to. */
export type AddressKind = "ordinary" | "loopback" | "link-local" | "metadata" | "unusable";

/** Null: this is no address in its usual form. Octal, hexadecimal and shortened IPv4 are none. */
export function parseAddress(text: string): Address | null {
  // A zone index would choose the interface past every rule.
  if (text.includes("%")) return null;
  const family = isIP(text);
  if (family === 0) return null;
  if (family === 4) return { text, family: 4 };
  const groups = groupsOf(text);
  const embedded = embeddedIPv4(groups);
  if (embedded !== null) return { text: embedded, family: 4 };
  return { text: groups.map((group) => group.toString(16)).join(":"), family: 6 };
}

/** The eight groups of a valid IPv6 address. */
function groupsOf(text: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const plain =
    dotted === null
      ? text
      : `${dotted[1]}${((Number(dotted[2]) << 8) | Number(dotted[3])).toString(16)}:${((Number(dotted[4]) << 8) | Number(dotted[5])).toString(16)}`;
  const [head = "", tail] = plain.split("::");
  const parse = (part: string) => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)));
  if (tail === undefined) return parse(head);
  const [left, right] = [parse(head), parse(tail)];
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

/** IPv4-mapped (::ffff:0:0/96), IPv4-translated (::ffff:0:0:0/96), IPv4-compatible (::/96) and NAT64 (64:ff9b::/96). */
function embeddedIPv4(groups: readonly number[]): string | null {
  const [a, b, c, d, e, f, g = 0, h = 0] = groups;
  const zeros = a === 0 && b === 0 && c === 0 && d === 0;
  const mapped = zeros && ((e === 0 && f === 0xffff) || (e === 0xffff && f === 0));
  const compatible = zeros && e === 0 && f === 0 && !(g === 0 && h <= 1);
  const nat64 = a === 0x64 && b === 0xff9b && c === 0 && d === 0 && e === 0 && f === 0;
  if (!mapped && !compatible && !nat64) return null;
  return `${g >> 8}.${g & 0xff}.${h >> 8}.${h & 0xff}`;
}

function list(...entries: readonly string[]): BlockList {
  const blocked = new BlockList();
  for (const entry of entries) {
    const [address = "", bits] = entry.split("/");
    const family = address.includes(":") ? "ipv6" : "ipv4";
    blocked.addSubnet(address, Number(bits ?? (family === "ipv4" ? 32 : 128)), family);
  }
  return blocked;
}

/** Where clouds hand out credentials to whoever can ask: AWS, GCP, Azure, ECS, EKS, Alibaba, Oracle, OpenStack. */
const metadata = list(
  "169.254.169.254",
  "169.254.169.253",
  "169.254.169.123",
  "169.254.170.2",
  "169.254.170.23",
  "168.63.129.16",
  "100.100.100.200",
  "192.0.0.192",
  "fd00:ec2::/32",
  "fd20:ce::254",
);
const loopback = list("127.0.0.0/8", "::1");
const linkLocal = list("169.254.0.0/16", "fe80::/10");
/** Unspecified, "this network", multicast, reserved, broadcast; tunnels that carry an IPv4 of the sender's choice. */
const unusable = list(
  "0.0.0.0/8",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::",
  "ff00::/8",
  "2002::/16",
  "2001::/32",
  "64:ff9b:1::/48",
  "fec0::/10",
);

export function kindOf({ text, family }: Address): AddressKind {
  const type = family === 4 ? "ipv4" : "ipv6";
  if (metadata.check(text, type)) return "metadata";
  if (unusable.check(text, type)) return "unusable";
  if (loopback.check(text, type)) return "loopback";
  if (linkLocal.check(text, type)) return "link-local";
  return "ordinary";
}
