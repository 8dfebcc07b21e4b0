import { textFrom } from "./attributes.js";
import type { Filter } from "./filter.js";
import type { PatchOperation } from "./patch.js";
import { keyPath } from "./person.js";
import { isRecord } from "./record.js";
import { refused } from "./refusal.js";

/** What is to become of a group's members, one step after the other. */
export type MemberStep =
  | { readonly do: "add" | "remove" | "replace"; readonly ids: readonly string[] }
  | { readonly do: "clear" };

export interface TeamChange {
  readonly displayName?: string;
  readonly externalId?: string | null;
  readonly members: readonly MemberStep[];
}

const mostMembers = 50_000;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A group that is created or replaced whole. Throws `invalidSyntax`, `invalidValue`. */
export function teamFrom(body: unknown): TeamChange & { readonly displayName: string } {
  if (!isRecord(body)) throw refused("invalidSyntax", "the body is not an object");
  const values = new Map(Object.entries(body).map(([key, value]) => [keyPath(key), value]));
  const members = values.get("members");
  return {
    displayName: nameOf(values.get("displayname")),
    externalId: textFrom(values.get("externalid"), "externalId"),
    members: members === undefined ? [] : [{ do: "replace", ids: idsFrom(members) }],
  };
}

/** Throws `invalidPath`, `mutability`, `invalidValue`, `tooMany`. */
export function patchTeam(operations: readonly PatchOperation[], id: string): TeamChange {
  const parts = operations.map((operation) => partOf(operation, id));
  const members = parts.flatMap((part) => part.members);
  const ids = members.reduce((sum, step) => sum + (step.do === "clear" ? 0 : step.ids.length), 0);
  if (ids > mostMembers) throw refused("tooMany", `at most ${mostMembers} members at once`);
  return { ...Object.assign({}, ...parts), members };
}

function partOf({ op, path, value }: PatchOperation, id: string): TeamChange {
  if (path === null) {
    if (!isRecord(value)) throw refused("invalidValue", "without a path the value is an object");
    const parts = Object.entries(value).map(([key, given]) => partAt(op, keyPath(key), null, given, id, true));
    return { ...Object.assign({}, ...parts), members: parts.flatMap((part) => part.members) };
  }
  if (path.part !== null) throw refused("invalidPath", "a member is added or removed, not changed");
  return partAt(op, path.attribute, path.items, value, id, false);
}

function partAt(
  op: PatchOperation["op"],
  attribute: string,
  items: Filter | null,
  value: unknown,
  id: string,
  lenient: boolean,
): TeamChange {
  if (attribute === "members") return { members: [memberStep(op, items, value)] };
  if (items !== null) throw refused("invalidPath", `${attribute.slice(0, 80)} is no list`);
  if (attribute === "displayname") {
    if (op === "remove") throw refused("mutability", "displayName stays");
    return { displayName: nameOf(value), members: [] };
  }
  if (attribute === "externalid")
    return { externalId: op === "remove" ? null : textFrom(value, "externalId"), members: [] };
  // Some repeat the id of what they change.
  if (attribute === "id" && value === id) return { members: [] };
  if (attribute === "id") throw refused("mutability", "id is not yours to change");
  if (lenient || attribute === "schemas") return { members: [] };
  throw refused("invalidPath", `there is no attribute ${attribute.slice(0, 80)}`);
}

function memberStep(op: PatchOperation["op"], items: Filter | null, value: unknown): MemberStep {
  if (items !== null) {
    if (op !== "remove") throw refused("invalidPath", "members are added by value, not by a filter");
    return { do: "remove", ids: valuesOf(items) };
  }
  if (op === "remove")
    return value === undefined || value === null ? { do: "clear" } : { do: "remove", ids: idsFrom(value) };
  return { do: op, ids: idsFrom(value) };
}

/** The ids of `value eq "…"`, several of them with `or`. */
function valuesOf(filter: Filter): string[] {
  if (filter.is === "or") return filter.of.flatMap(valuesOf);
  if (filter.is === "compare" && filter.by === "eq" && filter.path === "value" && typeof filter.value === "string")
    return idsFrom([filter.value]);
  throw refused("invalidPath", 'members are named by value: members[value eq "…"]');
}

function idsFrom(value: unknown): string[] {
  if (value === null) return [];
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (given.length > mostMembers) throw refused("tooMany", `at most ${mostMembers} members at once`);
  const ids = given.map((one) => {
    const id = isRecord(one) ? one["value"] : one;
    if (typeof id !== "string" || !uuid.test(id))
      throw refused("invalidValue", "a member is named by the id of a user");
    return id.toLowerCase();
  });
  return [...new Set(ids)];
}

function nameOf(value: unknown): string {
  const name = textFrom(value, "displayName");
  if (name === null) throw refused("invalidValue", "displayName is missing");
  return name;
}
