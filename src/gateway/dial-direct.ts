import { lookup } from "node:dns/promises";
import { type Address, type AddressKind, kindOf, parseAddress } from "../transport/addresses.js";
import type { Pipe } from "../transport/pipe.js";
import { connectTcp } from "../transport/tcp/index.js";
import { deadline, HoopError } from "../vocabulary/index.js";

export interface DirectTarget {
  readonly host: string;
  readonly port: number;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** Turns a name into addresses. */
export type Resolve = (name: string) => Promise<readonly string[]>;

const maxAddresses = 16;
/** No dial spends its whole time on one address of several. */
const leastAttemptMs = 1_000;

/**
 * Dials a target that has no agent, from the gateway itself. Whoever writes connections is not whoever runs the gateway's
 * machine: the metadata services of clouds, link-local, multicast and unspecified addresses are never dialled, and a name
 * is resolved once, each address judged, and that very address dialled. Loopback is dialled when it was written as such, not
 * because a name leads there.
 *
 * Throws HoopError `denied`; TransportError `unavailable`, `timeout`, `cancelled`.
 */
export async function dialDirect(target: DirectTarget, resolve: Resolve = systemResolve): Promise<Pipe> {
  const { host, port, signal, timeoutMs } = target;
  const deadline = Date.now() + timeoutMs;
  const addresses = await within(directAddresses(host, resolve), timeoutMs, signal);
  let last: unknown;
  for (const [index, address] of addresses.entries()) {
    const left = deadline - Date.now();
    if (index > 0 && (left <= 0 || signal.aborted)) break;
    const share = Math.max(leastAttemptMs, left / (addresses.length - index));
    try {
      return await connectTcp({ host: address, port, signal, timeoutMs: Math.max(1, Math.min(left, share)) });
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

/** The literal addresses that may be dialled for this host, in the resolver's order; never empty. Throws HoopError. */
export async function directAddresses(host: string, resolve: Resolve = systemResolve): Promise<readonly string[]> {
  const literal = parseAddress(host);
  if (literal !== null) {
    const kind = kindOf(literal);
    if (kind === "ordinary" || kind === "loopback") return [literal.text];
    throw refused(kind);
  }
  const name = host.toLowerCase().replace(/\.$/, "");
  // Resolvers read all-digit names, octal and hexadecimal as addresses, and a zone chooses an interface.
  if (!/^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/.test(name) || /(^|\.)(\d+|0x[0-9a-f]*)$/.test(name)) {
    throw new HoopError("denied", "the target's host is neither a name nor an address in its usual form");
  }
  if (name === "localhost") return ["127.0.0.1", "::1"];
  let found: Address[];
  try {
    found = (await resolve(name)).slice(0, maxAddresses).flatMap((text) => parseAddress(text) ?? []);
  } catch (cause) {
    throw new HoopError("unavailable", `the name ${name} does not resolve`, { cause });
  }
  const good = found.filter((address) => kindOf(address) === "ordinary");
  if (good.length > 0) return good.map(({ text }) => text);
  if (found[0] === undefined) throw new HoopError("unavailable", `the name ${name} does not resolve`);
  throw refused(kindOf(found[0]));
}

function refused(kind: AddressKind): HoopError {
  return new HoopError("denied", `the gateway does not dial that target: its address is ${words[kind]}`, {
    hint:
      kind === "loopback"
        ? "write 127.0.0.1 or localhost if the gateway's own machine is meant"
        : "reach it through an agent that allows it",
  });
}

const words: Readonly<Record<AddressKind, string>> = {
  ordinary: "ordinary",
  loopback: "a loopback address behind a name",
  "link-local": "link-local",
  metadata: "a cloud's metadata service",
  unusable: "multicast, unspecified or reserved",
};

/** A resolver has no deadline of its own. */
function within<T>(work: Promise<T>, timeoutMs: number, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const any = deadline(timeoutMs, signal);
    const late = () => reject(new HoopError("timeout", "the target's name was not resolved in time"));
    if (any.aborted) late();
    else any.addEventListener("abort", late, { once: true });
    work.then(resolve, reject).finally(() => any.removeEventListener("abort", late));
  });
}

async function systemResolve(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address);
}
