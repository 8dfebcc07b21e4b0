import { type Filter, parseFilter, pathFrom } from "./filter.js";
import { isRecord } from "./record.js";
import { refused } from "./refusal.js";

/** What an operation is about: `emails[type eq "work"].value`. */
export interface PatchPath {
  readonly attribute: string;
  readonly items: Filter | null;
  /** Of the items; null: the whole of them. */
  readonly part: string | null;
}

export interface PatchOperation {
  readonly op: "add" | "remove" | "replace";
  /** Null: the value is an object of attributes. */
  readonly path: PatchPath | null;
  readonly value: unknown;
}

const most = { operations: 1_000, path: 4_096 };
const schema = "urn:ietf:params:scim:api:messages:2.0:patchop";

/** As the large providers send it: operations with capital letters, keys in any case. Throws `invalidSyntax`, `invalidPath`. */
export function parsePatch(body: unknown): readonly PatchOperation[] {
  if (!isRecord(body)) throw refused("invalidSyntax", "the body is not an object");
  const schemas = keyOf(body, "schemas");
  if (Array.isArray(schemas) && !schemas.some((one) => String(one).toLowerCase() === schema))
    throw refused("invalidSyntax", "this is not a PatchOp message");
  const operations = keyOf(body, "operations");
  if (!Array.isArray(operations) || operations.length === 0) throw refused("invalidSyntax", "Operations is not a list");
  if (operations.length > most.operations) throw refused("tooMany", `at most ${most.operations} operations at once`);
  return operations.map(operationFrom);
}

function operationFrom(given: unknown): PatchOperation {
  if (!isRecord(given)) throw refused("invalidSyntax", "an operation is an object");
  const op = String(keyOf(given, "op") ?? "").toLowerCase();
  if (op !== "add" && op !== "remove" && op !== "replace")
    throw refused("invalidSyntax", `unknown operation ${JSON.stringify(op.slice(0, 20))}`);
  const path = keyOf(given, "path");
  const value = keyOf(given, "value");
  if (path !== undefined && path !== null && typeof path !== "string") throw refused("invalidPath", "a path is a text");
  const parsed = path === undefined || path === null || path === "" ? null : parsePath(path);
  if (op === "remove" && parsed === null) throw refused("noTarget", "remove needs a path");
  if (op !== "remove" && value === undefined) throw refused("invalidValue", `${op} needs a value`);
  return { op, path: parsed, value };
}

/** Throws `invalidPath`. */
export function parsePath(text: string): PatchPath {
  if (text.length > most.path) throw refused("invalidPath", "the path is too long");
  const open = text.indexOf("[");
  try {
    if (open === -1) return { attribute: pathFrom(text.trim()), items: null, part: null };
    const close = text.lastIndexOf("]");
    const rest = text.slice(close + 1).trim();
    if (close < open || (rest !== "" && !rest.startsWith("."))) throw new Error("brackets");
    return {
      attribute: pathFrom(text.slice(0, open).trim()),
      items: parseFilter(text.slice(open + 1, close)),
      part: rest === "" ? null : pathFrom(rest.slice(1)),
    };
  } catch {
    throw refused("invalidPath", `not a path: ${JSON.stringify(text.slice(0, 100))}`);
  }
}

/** A key's value, in whatever case it is written. */
function keyOf(record: Readonly<Record<string, unknown>>, key: string): unknown {
  if (Object.hasOwn(record, key)) return record[key];
  return Object.entries(record).find(([name]) => name.toLowerCase() === key)?.[1];
}
