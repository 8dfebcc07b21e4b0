import { type Filter, parseFilter, refused, type Slice } from "../../identity/index.js";
import type { Wanted } from "./show.js";

type Query = Readonly<Record<string, unknown>>;

const most = { count: 500, attributes: 100 };
const usualCount = 100;

/** `filter`, `startIndex` and `count`; what is out of range becomes the nearest, as the standard wants it. */
export function sliceFrom(query: Query): Slice & { readonly startIndex: number } {
  const filter = one(query, "filter");
  const startIndex = Math.max(1, number(query, "startIndex") ?? 1);
  return {
    filter: filter === undefined || filter.trim() === "" ? null : filterFrom(filter),
    startIndex,
    offset: startIndex - 1,
    limit: Math.min(most.count, Math.max(0, number(query, "count") ?? usualCount)),
  };
}

export function wantedFrom(query: Query): Wanted {
  const only = names(query, "attributes");
  return { only: only.size === 0 ? null : only, without: names(query, "excludedAttributes") };
}

const filterFrom = (text: string): Filter => parseFilter(text);

function one(query: Query, name: string): string | undefined {
  const value = query[name] ?? query[name.toLowerCase()];
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw refused("invalidSyntax", `${name} is given twice`);
  return value;
}

function number(query: Query, name: string): number | undefined {
  const text = one(query, name);
  if (text === undefined) return undefined;
  if (!/^-?\d{1,9}$/.test(text)) throw refused("invalidValue", `${name} is a whole number`);
  return Number(text);
}

function names(query: Query, name: string): Set<string> {
  const text = one(query, name) ?? "";
  if (text.length > 4_096) throw refused("invalidValue", `${name} is too long`);
  const list = text
    .split(",")
    .map((path) => path.trim().toLowerCase())
    .filter((path) => path !== "");
  if (list.length > most.attributes) throw refused("invalidValue", `${name} has at most ${most.attributes} names`);
  return new Set(list.map((path) => path.replace(/^urn:ietf:params:scim:schemas:core:2\.0:(user|group):/, "")));
}
