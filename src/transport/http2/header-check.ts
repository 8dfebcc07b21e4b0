import type { HeaderField } from "./hpack/header-field.js";

/** Header fields by name; a name that came twice has its values joined. Without a prototype. */
export type Headers = Readonly<Record<string, string | undefined>>;

/** What a list of fields is, which decides on its pseudo-header fields. */
export type HeaderKind = "request" | "response" | "trailers";

/** https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2: they belong to one HTTP/1.1 connection. */
const forbidden = new Set(["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"]);
const pseudoOf: Readonly<Record<HeaderKind, ReadonlySet<string>>> = {
  request: new Set([":method", ":scheme", ":path", ":authority"]),
  response: new Set([":status"]),
  trailers: new Set(),
};
/** A token in lower case: https://www.rfc-editor.org/rfc/rfc9110#section-5.1 */
const nameForm = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const badValue = /[\u0000\r\n]|^[ \t]|[ \t]$/;

/** Null: malformed (https://www.rfc-editor.org/rfc/rfc9113#section-8.1.1), the stream must not be answered. */
export function checkedHeaders(fields: readonly HeaderField[], kind: HeaderKind): Headers | null {
  const headers: Record<string, string | undefined> = Object.create(null);
  const pseudo = pseudoOf[kind];
  let regular = false;
  for (const [name, value] of fields) {
    if (badValue.test(value)) return null;
    if (name.startsWith(":")) {
      if (regular || !pseudo.has(name) || headers[name] !== undefined) return null;
      headers[name] = value;
      continue;
    }
    regular = true;
    if (!nameForm.test(name) || forbidden.has(name) || (name === "te" && value !== "trailers")) return null;
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}${name === "cookie" ? "; " : ", "}${value}`;
  }
  if (kind === "request") {
    if (!headers[":method"] || !headers[":scheme"] || !headers[":path"]) return null;
  } else if (kind === "response" && !/^[1-9][0-9]{2}$/.test(headers[":status"] ?? "")) return null;
  return headers;
}

/** The declared length of a body; null: none was declared; undefined: it is malformed. */
export function contentLengthOf(headers: Headers): number | null | undefined {
  const text = headers["content-length"];
  if (text === undefined) return null;
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}

/** What we send must be fit to be sent. Throws TypeError. */
export function requireSendable(fields: readonly HeaderField[]): void {
  for (const [name, value] of fields) {
    if (badValue.test(value) || !/^[\u0001-\u00ff]*$/.test(value) || !/^:?[a-z0-9!#$%&'*+\-.^_`|~]+$/.test(name)) {
      throw new TypeError(`the header ${JSON.stringify(name)} cannot be sent`);
    }
  }
}
