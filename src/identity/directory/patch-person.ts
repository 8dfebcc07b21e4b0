import {
  type Item,
  isForgotten,
  isParent,
  itemPart,
  itemsFrom,
  type ListName,
  listNamed,
  textNamed,
} from "./attributes.js";
import { itemFor, itemPasses } from "./item-filter.js";
import type { PatchOperation, PatchPath } from "./patch.js";
import { parsePath } from "./patch.js";
import { checked, type Person, withList, withValue } from "./person.js";
import { isRecord } from "./record.js";
import { refused } from "./refusal.js";

const single = new Set(["username", "externalid", "active"]);

/** A user after these operations, all or none of them. Throws `invalidPath`, `noTarget`, `mutability`, `invalidValue`. */
export function patchPerson(person: Person, operations: readonly PatchOperation[]): Person {
  return checked(operations.reduce(applied, person));
}

function applied(person: Person, operation: PatchOperation): Person {
  const { op, path, value } = operation;
  if (path !== null) return appliedAt(person, op, path, value);
  if (!isRecord(value)) throw refused("invalidValue", "without a path the value is an object");
  // Its keys are paths of their own: one of the large providers sends `name.givenName` and `emails[type eq "work"].value` so.
  return Object.entries(value).reduce((before, [key, given]) => {
    if (!known(key)) return before;
    return appliedAt(before, op, parsePath(key), given);
  }, person);
}

/** In an object a key that is no attribute of ours is left out; as a path of its own it is refused. */
function known(key: string): boolean {
  try {
    const { attribute } = parsePath(key);
    return !isForgotten(attribute) && isOurs(attribute);
  } catch {
    return false;
  }
}

const isOurs = (path: string): boolean =>
  single.has(path) ||
  textNamed(path) !== undefined ||
  listNamed(path) !== undefined ||
  isParent(path) ||
  listPart(path) !== null;

/** `emails.value` as a path: of every item. */
function listPart(path: string): { readonly list: ListName; readonly part: string } | null {
  const [first = "", second, third] = path.split(".");
  const list = listNamed(first);
  return list === undefined || second === undefined || third !== undefined ? null : { list, part: second };
}

function appliedAt(person: Person, op: PatchOperation["op"], path: PatchPath, value: unknown): Person {
  const { attribute, items } = path;
  if (attribute === "id" || attribute.startsWith("meta") || attribute === "groups")
    throw refused("mutability", `${attribute} is not yours to change`);
  if (isForgotten(attribute)) return person;
  const part = items === null ? listPart(attribute) : null;
  const list = part?.list ?? listNamed(attribute);
  if (list !== undefined && (items !== null || part !== null))
    return patchItems(person, list, op, { ...path, part: part?.part ?? path.part }, value);
  if (items !== null || !isOurs(attribute))
    throw refused("invalidPath", `there is no attribute ${attribute.slice(0, 80)}`);
  if (op === "remove") {
    if (attribute === "username") throw refused("mutability", "userName stays");
    // Who is not said to be active is not.
    return withValue(person, attribute, attribute === "active" ? false : null);
  }
  if (list !== undefined && op === "add")
    return withList(person, list, joined(person.lists[list] ?? [], itemsFrom(list, value)));
  if (attribute === "active" && value === null) throw refused("invalidValue", "active is true or false");
  return withValue(person, attribute, value);
}

/** What is there already is not added again; a new primary item takes the place of the old. */
function joined(before: readonly Item[], added: readonly Item[]): readonly Item[] {
  const same = (a: Item, b: Item) => a["value"] !== undefined && a["value"] === b["value"] && a["type"] === b["type"];
  return [...before.filter((item) => !added.some((one) => same(one, item))), ...added];
}

function patchItems(person: Person, list: ListName, op: PatchOperation["op"], path: PatchPath, value: unknown): Person {
  const before = person.lists[list] ?? [];
  const { items } = path;
  const passes = (item: Item) =>
    items === null ||
    itemPasses(items, (wanted) => (wanted === "primary" ? (item.primary ?? false) : textOf(item, list, wanted)));
  const part = path.part === null ? null : itemPart(list, path.part);
  if (part === undefined) throw refused("invalidPath", `items of ${list} have no ${String(path.part).slice(0, 64)}`);
  if (op === "remove") {
    const without = (item: Item): Item[] => {
      if (!passes(item)) return [item];
      if (part === null) return [];
      const { [part]: _, ...rest } = item;
      return [rest as Item];
    };
    return withList(person, list, before.flatMap(without));
  }
  const given = part === null ? (itemsFrom(list, value)[0] ?? {}) : (itemsFrom(list, { [part]: value })[0] ?? {});
  // An empty text takes the part away, as null would.
  const changed = (item: Item): Item => {
    if (part === null) return { ...item, ...given } as Item;
    const { [part]: _, ...rest } = item;
    return { ...rest, ...given } as Item;
  };
  if (before.some(passes))
    return withList(
      person,
      list,
      before.map((item) => (passes(item) ? changed(item) : item)),
    );
  const start = items === null ? [] : itemFor(items);
  if (start === null) throw refused("noTarget", `no item of ${list} fits the path`);
  const fresh = itemsFrom(list, Object.fromEntries(start))[0] ?? {};
  return withList(person, list, [...before, { ...fresh, ...given } as Item]);
}

function textOf(item: Item, list: ListName, path: string): string | undefined {
  const name = itemPart(list, path);
  const value = name === undefined ? undefined : item[name];
  return typeof value === "string" ? value : undefined;
}
