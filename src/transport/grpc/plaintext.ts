import { BlockList, isIP } from "node:net";
import { TransportError } from "../error.js";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Whether bytes to this host never leave the machine: a loopback address, or the name that stands for one. */
export function isLoopback(host: string): boolean {
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  if (bare.toLowerCase() === "localhost") return true;
  const version = isIP(bare);
  // The list unwraps IPv4-mapped addresses itself.
  return version !== 0 && loopback.check(bare, version === 4 ? "ipv4" : "ipv6");
}

/**
 * The one place that decides about clear text: with TLS always, without it on loopback, elsewhere only when somebody
 * wrote down that it shall be so. Throws TransportError `denied`.
 */
export function requireTls(host: string, tls: boolean, allowPlaintext: boolean): void {
  if (tls || allowPlaintext || isLoopback(host)) return;
  throw new TransportError(
    "denied",
    `${host} is not a loopback address: TLS is needed, or plaintext must be allowed explicitly`,
  );
}
