import type { Filter, FilterValue } from "./filter.js";

/** Whether an item of a list passes, `partOf` giving its texts. For the few items of one user; lists of users are asked of the store. */
export function itemPasses(filter: Filter, partOf: (path: string) => string | boolean | undefined): boolean {
  switch (filter.is) {
    case "and":
      return filter.of.every((one) => itemPasses(one, partOf));
    case "or":
      return filter.of.some((one) => itemPasses(one, partOf));
    case "not":
      return !itemPasses(filter.of, partOf);
    case "present":
      return partOf(filter.path) !== undefined;
    case "some":
      return false;
    case "compare":
      return compares(filter.by, partOf(filter.path), filter.value);
  }
}

function compares(by: string, actual: string | boolean | undefined, wanted: FilterValue): boolean {
  if (typeof actual === "boolean" || typeof wanted === "boolean") {
    const same = String(actual ?? false).toLowerCase() === String(wanted).toLowerCase();
    return by === "eq" ? same : by === "ne" ? !same : false;
  }
  const [left, right] = [actual?.toLowerCase(), wanted === null ? undefined : String(wanted).toLowerCase()];
  if (by === "eq") return left === right;
  if (by === "ne") return left !== right;
  if (left === undefined || right === undefined) return false;
  if (by === "co") return left.includes(right);
  if (by === "sw") return left.startsWith(right);
  if (by === "ew") return left.endsWith(right);
  if (by === "gt") return left > right;
  if (by === "ge") return left >= right;
  return by === "lt" ? left < right : left <= right;
}

/** What a new item must have to pass a filter of equalities, such as `type eq "work"`; null: it is another kind of filter. */
export function itemFor(filter: Filter): readonly (readonly [string, FilterValue])[] | null {
  if (filter.is === "compare" && filter.by === "eq") return [[filter.path, filter.value]];
  if (filter.is !== "and") return null;
  const parts = filter.of.map(itemFor);
  return parts.every((one) => one !== null) ? parts.flat() : null;
}
