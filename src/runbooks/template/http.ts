import { HoopError } from "../../vocabulary/index.js";
import { badTemplate, namesIn, type Part, partsOf, textOf, type Value, type ValueName, type Values } from "./parts.js";

/** A request as a runbook writes it. */
export interface HttpText {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Any JSON; a text that is one place only takes the value with its type. */
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>> | undefined;
  /** Sent as it is; no places. */
  readonly text?: string | undefined;
}

type Named = readonly (readonly [string, readonly Part[]])[];

export interface HttpTemplate {
  readonly method: string;
  readonly path: readonly Part[];
  readonly query: Named;
  readonly headers: Named;
  readonly body:
    | { readonly kind: "none" }
    | { readonly kind: "json"; readonly value: unknown }
    | { readonly kind: "form"; readonly fields: Named }
    | { readonly kind: "text"; readonly text: string };
  readonly names: readonly ValueName[];
}

/** What goes out. */
export interface HttpRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** What frames a request or says who asks is Hoop's own. */
const ownHeaders =
  /^(host|content-length|transfer-encoding|connection|keep-alive|upgrade|te|trailer|expect|authorization|cookie|forwarded|via|proxy-.*|x-forwarded-.*|x-hoop-.*|traceparent|tracestate)$/;
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
const maxDepth = 20;

/** Throws HoopError `invalid` for a template whose values could change more than their own place. */
export function compileHttp(text: HttpText): HttpTemplate {
  const path = partsOf(text.path);
  const written = path.map((part) => (part.kind === "text" ? part.text : "x")).join("");
  if (!written.startsWith("/") || written.startsWith("//")) throw badTemplate("a path begins with one /");
  if (path[0]?.kind !== "text" || !/^\/[\x21-\x7e]*$/.test(written) || /[?#\\]/.test(written))
    throw badTemplate("a path is printable ASCII without ?, # and backslash", "what follows ? stands under `query`");
  if (/(^|\/)\.{1,2}(\/|$)/.test(written)) throw badTemplate("a path has dot segments");
  const bodies = [text.json !== undefined, text.form !== undefined, text.text !== undefined].filter(Boolean).length;
  if (bodies > 1) throw badTemplate("a request has one body: json, form or text");
  const query = named(text.query);
  const headers = named(text.headers);
  for (const [name, parts] of headers) {
    if (!token.test(name)) throw badTemplate(`${JSON.stringify(name.slice(0, 60))} is no header's name`);
    if (ownHeaders.test(name.toLowerCase())) throw badTemplate(`the header ${name} is not a runbook's to set`);
    for (const part of parts)
      if (part.kind === "text" && /[^\t\x20-\x7e]/.test(part.text))
        throw badTemplate(`the header ${name} has a line break or a character that headers cannot have`);
  }
  const found = new Set([...namesIn(path), ...namesOf(query), ...namesOf(headers)]);
  let body: HttpTemplate["body"] = { kind: "none" };
  if (text.text !== undefined) {
    if (namesIn(partsOf(text.text)).length > 0)
      throw badTemplate("a plain text body has places, and values would be pasted into it", "use json or form");
    body = {
      kind: "text",
      text: partsOf(text.text)
        .map((part) => (part.kind === "text" ? part.text : ""))
        .join(""),
    };
  } else if (text.form !== undefined) {
    const fields = named(text.form);
    for (const name of namesOf(fields)) found.add(name);
    body = { kind: "form", fields };
  } else if (text.json !== undefined) body = { kind: "json", value: compileJson(text.json, found, 0) };
  return { method: text.method, path, query, headers, body, names: [...found] };
}

function named(fields: Readonly<Record<string, string>> | undefined): Named {
  return Object.entries(fields ?? {}).map(([name, template]) => {
    if (/\{\{/.test(name)) throw badTemplate(`a name holds a place: ${JSON.stringify(name.slice(0, 60))}`);
    return [name, partsOf(template)] as const;
  });
}

const namesOf = (fields: Named): ValueName[] => fields.flatMap(([, parts]) => [...namesIn(parts)]);

/** Texts become their parts; everything else stays. */
function compileJson(value: unknown, found: Set<ValueName>, depth: number): unknown {
  if (depth > maxDepth) throw badTemplate(`the JSON is nested deeper than ${maxDepth}`);
  if (typeof value === "string") {
    const parts = partsOf(value);
    for (const name of namesIn(parts)) found.add(name);
    return new JsonText(parts);
  }
  if (Array.isArray(value)) return value.map((item) => compileJson(item, found, depth + 1));
  if (typeof value !== "object" || value === null) return value;
  return new Map(
    Object.entries(value).map(([key, item]) => {
      if (key.includes("{{"))
        throw badTemplate(`a name in the JSON holds a place: ${JSON.stringify(key.slice(0, 60))}`);
      return [key, compileJson(item, found, depth + 1)];
    }),
  );
}

class JsonText {
  readonly parts: readonly Part[];
  constructor(parts: readonly Part[]) {
    this.parts = parts;
  }
}

/** Throws HoopError `invalid` for a value that its place cannot hold. */
export function renderHttp(template: HttpTemplate, values: Values): HttpRequest {
  const path = template.path
    .map((part) => (part.kind === "text" ? part.text : pathValue(part.name, textOf(values(part.name)))))
    .join("");
  checkSegments(path, template.path);
  const query = new URLSearchParams(pairs(template.query, values));
  const headers: Record<string, string> = {};
  for (const [name, parts] of template.headers) headers[name.toLowerCase()] = headerValue(name, joined(parts, values));
  const { body } = template;
  let sent: string | null = null;
  if (body.kind === "json") {
    sent = JSON.stringify(renderJson(body.value, values));
    headers["content-type"] ??= "application/json";
  } else if (body.kind === "form") {
    sent = new URLSearchParams(pairs(body.fields, values)).toString();
    headers["content-type"] = "application/x-www-form-urlencoded";
  } else if (body.kind === "text") {
    sent = body.text;
    headers["content-type"] ??= "text/plain; charset=utf-8";
  }
  const asked = query.toString();
  return { method: template.method, path: asked === "" ? path : `${path}?${asked}`, headers, body: sent };
}

const pairs = (fields: Named, values: Values): [string, string][] =>
  fields.map(([name, parts]) => [name, joined(parts, values)]);

/** A value that is empty or made of dots alone would change which resource is meant. */
function checkSegments(path: string, parts: readonly Part[]): void {
  if (!hasPlaces(parts)) return;
  const last = parts.at(-1);
  const open = last?.kind === "text" && last.text.endsWith("/");
  const segments = path.split("/").slice(1, open ? -1 : undefined);
  if (segments.some((segment) => segment === "" || segment === "." || segment === ".."))
    throw new HoopError("invalid", "with these values the path has an empty segment or one of dots alone");
}

const hasPlaces = (parts: readonly Part[]) => parts.some((part) => part.kind === "value");

function joined(parts: readonly Part[], values: Values): string {
  return parts.map((part) => (part.kind === "text" ? part.text : textOf(values(part.name)))).join("");
}

function pathValue(name: string, text: string): string {
  // Servers differ in how they read these when they are encoded: none of them is a value in a path.
  if (/[/\\%\x00-\x1f\x7f;]/.test(text))
    throw new HoopError("invalid", `the value of ${name} has a character that a path segment cannot hold safely`, {
      hint: "slashes, backslashes, percent signs, semicolons and control characters are refused in paths",
    });
  try {
    return encodeURIComponent(text);
  } catch {
    throw new HoopError("invalid", `the value of ${name} has half of a character`);
  }
}

function headerValue(name: string, text: string): string {
  if (/[^\t\x20-\x7e]/.test(text))
    throw new HoopError(
      "invalid",
      `the value of the header ${name} has a line break or a character that headers cannot have`,
    );
  return text;
}

function renderJson(value: unknown, values: Values): unknown {
  if (value instanceof JsonText) {
    const [only] = value.parts;
    if (value.parts.length === 1 && only?.kind === "value") return values(only.name) satisfies Value;
    return joined(value.parts, values);
  }
  if (Array.isArray(value)) return value.map((item) => renderJson(item, values));
  if (!(value instanceof Map)) return value;
  // Never through an object's own setters: `__proto__` is a name like any other.
  return Object.fromEntries([...value].map(([key, item]) => [key, renderJson(item, values)]));
}
