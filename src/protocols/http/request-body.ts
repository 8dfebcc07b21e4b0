import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { namePath } from "./body/form-masker.js";
import type { Buffered } from "./buffered.js";
import type { Request } from "./exchange.js";
import { type GraphqlFacts, readGraphql } from "./graphql.js";
import type { Presence } from "./presence.js";

/** Values of a body that rules can look at; more are not told apart from a body that cannot be read. */
const maxFields = 1_000;
const maxValue = 1_000;
const maxDepth = 32;
/** What is recorded and shown of a body; of a longer one its digest. */
const maxRecorded = 256 * 1024;

/** A request's body, read before it is judged: what was judged is what is sent. */
export interface ReadBody {
  readonly bytes: Buffer;
  /** For the ask: recorded sealed, and part of what an approval is bound to. */
  readonly values: readonly Uint8Array[];
  shown(): readonly string[];
  /** Once, as the request's body. */
  stream(): Readable;
}

/**
 * Reads the body whole. Null: it is longer than `limit`, and what was read of it is put back. Throws HoopError `limited`
 * when bodies of others fill what may be held; `buffered` is released by whoever ends the request.
 */
export async function readBody(
  request: Request,
  limit: number,
  buffered: Buffered,
  client: Presence,
): Promise<ReadBody | null> {
  const parts: Buffer[] = [];
  let size = 0;
  if (Number(request.headers["content-length"] ?? 0) > limit) return null;
  const whole = await new Promise<boolean>((resolve, reject) => {
    const onGone = () => settle(() => reject(new Error("the client went away")));
    if (client.left) return reject(new Error("the client went away"));
    const stay = client.onLeave(onGone);
    const settle = (then: () => void) => {
      request.removeListener("data", onData);
      request.removeListener("end", onEnd);
      request.removeListener("close", onGone);
      stay();
      request.pause();
      then();
    };
    const onData = (chunk: Buffer) => {
      try {
        buffered.take(chunk.length);
      } catch (error) {
        return settle(() => reject(error));
      }
      parts.push(chunk);
      size += chunk.length;
      if (size > limit) settle(() => resolve(false));
    };
    const onEnd = () => settle(() => resolve(true));
    request.on("data", onData);
    request.once("end", onEnd);
    request.once("close", onGone);
  });
  const bytes = Buffer.concat(parts);
  if (!whole) {
    request.unshift(bytes);
    return null;
  }
  return {
    bytes,
    values: [bytes.length <= maxRecorded ? bytes : createHash("sha256").update(bytes).digest()],
    shown: () => [bytes.subarray(0, 16 * 1024).toString("utf8")],
    stream: () => Readable.from(bytes.length === 0 ? [] : [bytes]),
  };
}

export interface BodyFacts {
  /** `user.role=admin`, one for each value; null: it could not be read. */
  readonly fields: readonly string[] | null;
}

/** What rules may look at in a body. Names are as they stand in it, those of lists without numbers. */
export function bodyFacts(bytes: Buffer, contentType: string | null, encoded: boolean): BodyFacts {
  if (bytes.length === 0) return { fields: [] };
  if (encoded) return { fields: null };
  if (contentType === "application/x-www-form-urlencoded") return { fields: formFields(bytes.toString("utf8")) };
  if (contentType !== null && !/json$|^text\/plain$/.test(contentType)) return { fields: null };
  try {
    const fields: string[] = [];
    collect(parseStrictly(bytes.toString("utf8")), "", fields, 0);
    return { fields };
  } catch {
    return { fields: null };
  }
}

/** Two members of one name are read differently by different servers: such a body cannot be judged. */
function parseStrictly(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (members(value) !== colons(text)) throw new Error("a member stands there twice");
  return value;
}

function members(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + members(one), 0);
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce<number>((sum, one) => sum + 1 + members(one), 0);
}

const colons = (text: string) => text.replaceAll(/"(?:[^"\\]|\\.)*"/g, "").split(":").length - 1;

function collect(value: unknown, path: string, fields: string[], depth: number): void {
  if (depth > maxDepth || fields.length >= maxFields) throw new Error("too large to be judged");
  if (Array.isArray(value)) for (const one of value) collect(one, path, fields, depth + 1);
  else if (typeof value === "object" && value !== null) {
    for (const [name, one] of Object.entries(value))
      collect(one, path === "" ? name : `${path}.${name}`, fields, depth + 1);
  } else {
    const text = String(value);
    if (text.length > maxValue) fields.push(`${path}=${text.slice(0, maxValue)}…`);
    else fields.push(`${path}=${text}`);
  }
}

function formFields(text: string): readonly string[] | null {
  const pairs = [...new URLSearchParams(text)];
  if (pairs.length > maxFields) return null;
  return pairs.map(([name, value]) => `${namePath(name).join(".")}=${value.slice(0, maxValue)}`);
}

/** The operations of a GraphQL request, by POST or GET; null: what it does is not known. */
export function graphqlFacts(bytes: Buffer | null, contentType: string | null, query: string): GraphqlFacts | null {
  const parameters = new URLSearchParams(query);
  if (bytes === null || bytes.length === 0) {
    const text = parameters.get("query");
    return text === null ? null : readGraphql(text, parameters.get("operationName"));
  }
  // Servers differ in which of the two they run.
  if (parameters.has("query") || parameters.has("operationName")) return null;
  if (contentType === "application/graphql") return readGraphql(bytes.toString("utf8"), null);
  if (contentType !== null && !contentType.endsWith("json")) return null;
  try {
    const body = parseStrictly(bytes.toString("utf8"));
    const requests = (Array.isArray(body) ? body : [body]) as { query?: unknown; operationName?: unknown }[];
    const facts = requests.map(({ query: text, operationName }) =>
      typeof text === "string" ? readGraphql(text, typeof operationName === "string" ? operationName : null) : null,
    );
    if (facts.length === 0 || facts.some((one) => one === null)) return null;
    const known = facts as GraphqlFacts[];
    const union = (of: (one: GraphqlFacts) => readonly string[]) => [...new Set(known.flatMap(of))];
    return {
      types: union(({ types }) => types),
      names: union(({ names }) => names),
      fields: union(({ fields }) => fields),
      aliases: known.some(({ aliases }) => aliases),
    };
  } catch {
    return null;
  }
}
