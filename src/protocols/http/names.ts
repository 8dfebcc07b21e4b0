import type { HttpTarget } from "./target.js";

/** The target speaks of itself by its own name; the client knows it by another. */
export interface OwnName {
  /** `http` or `https`, as the client came. */
  readonly proto: string;
  /** `grafana.hoop`, with the port where it is unusual: the client's `Host`. */
  readonly host: string;
}

/** `Location`, `Content-Location` and `Refresh` of the target, as the client must follow them; others' are left alone. */
export function mapLocation(value: string, target: HttpTarget, own: OwnName): string {
  const match = /^(https?):\/\/([^/?#]*)(.*)$/is.exec(value);
  if (!match) return value;
  const [, , authority, rest] = match;
  return sameHost(authority!, target.authority) ? `${own.proto}://${own.host}${rest}` : value;
}

/** A cookie of the target as one of the `.hoop` name: host-only, and not `Secure` where the name is spoken to in clear. */
export function mapSetCookie(value: string, own: OwnName): string {
  const parts = value.split(";");
  const kept = parts.filter((part, at) => {
    if (at === 0) return true;
    const name = part.trim().split("=", 1)[0]!.toLowerCase();
    return name !== "domain" && !(own.proto === "http" && (name === "secure" || name === "partitioned"));
  });
  if (own.proto === "http") {
    // SameSite=None is refused without Secure; the prefixes demand Secure as well.
    const lax = kept.map((part, at) => (at > 0 && /^\s*samesite\s*=\s*none\s*$/i.test(part) ? " SameSite=Lax" : part));
    return lax.join(";");
  }
  return kept.join(";");
}

/** `Origin` and `Referer` of the client's own pages, as the target would see them; its own checks compare with its name. */
export function mapOwnUrl(value: string, target: HttpTarget, own: OwnName): string {
  const match = /^(https?):\/\/([^/?#]*)(.*)$/is.exec(value);
  if (!match || !sameHost(match[2]!, own.host)) return value;
  return `${target.scheme}://${target.authority}${match[3]}`;
}

function sameHost(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
