import { HoopError } from "../vocabulary/index.js";

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const hostLabel = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Names that the tunnel, the console or people's eyes would take for something of Hoop's own. */
const reserved = new Set([
  "hoop",
  "gateway",
  "agent",
  "tunnel",
  "console",
  "api",
  "www",
  "localhost",
  "localdomain",
  "wpad",
  "isatap",
  "canary",
  "doctor",
  "status",
  "login",
  "admin",
  "ns",
  "dns",
  "all",
  "any",
  "none",
  "self",
  "new",
  "test",
]);

/** A connection's name as it is kept: one DNS label, lower case. */
export function connectionNameFrom(text: string): string {
  const name = text.toLowerCase();
  if (!label.test(name)) {
    throw new HoopError("invalid", `not a connection name: ${JSON.stringify(text.slice(0, 64))}`, {
      hint: "one DNS label: letters a to z, digits and - between them, at most 63",
    });
  }
  // The prefix of internationalised names: what is shown would not be what was typed.
  if (reserved.has(name) || name.startsWith("xn--") || /^\d+$/.test(name)) {
    throw new HoopError("invalid", `the name ${name} is reserved`, { hint: "choose another one, such as pg-prod" });
  }
  return name;
}

/** A target's host: a DNS name or a literal address, lower case, an IPv6 address without brackets. */
export function hostFrom(text: string, isAddress: (text: string) => boolean): string {
  const host = text
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");
  if (isAddress(host)) return host;
  const labels = host.split(".");
  // All digits and dots that is no address is an address misspelt, which resolvers read each in their own way.
  if (host.length <= 253 && labels.every((part) => hostLabel.test(part)) && !/^(0x[0-9a-f]+|\d+)$/.test(labels.at(-1)!))
    return host;
  throw new HoopError("invalid", `not a host: ${JSON.stringify(text.slice(0, 64))}`, {
    hint: "a DNS name or an IP address, without a port",
  });
}
