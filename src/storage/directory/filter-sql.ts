import { type RawBuilder, type SqlBool, sql } from "kysely";
import {
  type Comparator,
  type Filter,
  type FilterValue,
  itemPart,
  type ListName,
  listNamed,
  refused,
  textNamed,
} from "../../identity/directory/index.js";

type Condition = RawBuilder<SqlBool>;
/** An expression that may be asked for, and as what. */
type Column =
  | { readonly as: "text"; readonly value: RawBuilder<unknown>; readonly exact?: boolean }
  | { readonly as: "flag" | "time"; readonly value: RawBuilder<unknown> };
type Columns = (path: string) => Column | undefined;

const never = sql<SqlBool>`false`;

/** A filter on users (`p` directory_people, `s` subjects). Every name is ours, every value a parameter. Throws `invalidFilter`. */
export const peopleCondition = (filter: Filter | null): Condition =>
  filter === null ? sql<SqlBool>`true` : conditionOf(filter, personColumn, listCondition);

/** A filter on groups (`t` directory_teams). */
export const teamsCondition = (filter: Filter | null): Condition =>
  filter === null ? sql<SqlBool>`true` : conditionOf(filter, teamColumn, membersCondition);

type Lists = (path: string, inner: Filter | null) => Condition | undefined;

function conditionOf(filter: Filter, columns: Columns, lists: Lists): Condition {
  switch (filter.is) {
    case "and":
    case "or": {
      const parts = filter.of.map((one) => conditionOf(one, columns, lists));
      return sql<SqlBool>`(${sql.join(parts, filter.is === "and" ? sql` and ` : sql` or `)})`;
    }
    case "not":
      // Nobody's value is null here: what is not known to be so is not so.
      return sql<SqlBool>`not coalesce(${conditionOf(filter.of, columns, lists)}, false)`;
    case "some":
      return lists(filter.path, filter.of) ?? unknown(filter.path);
    case "present": {
      const column = columns(filter.path);
      if (column !== undefined) return sql<SqlBool>`${column.value} is not null`;
      return lists(filter.path, null) ?? unknown(filter.path);
    }
    case "compare": {
      const column = columns(filter.path);
      if (column !== undefined) return compared(column, filter.by, filter.value);
      // `emails.value eq "…"` and `emails eq "…"`: of some item.
      const dot = filter.path.indexOf(".");
      const [list, part] =
        dot === -1 ? [filter.path, "value"] : [filter.path.slice(0, dot), filter.path.slice(dot + 1)];
      return lists(list, { ...filter, path: part }) ?? unknown(filter.path);
    }
  }
}

function compared({ as, value, ...more }: Column, by: Comparator, wanted: FilterValue): Condition {
  if (wanted === null) {
    if (by === "eq") return sql<SqlBool>`${value} is null`;
    if (by === "ne") return sql<SqlBool>`${value} is not null`;
    return never;
  }
  if (as === "flag") {
    const flag = String(wanted).toLowerCase() === "true";
    return by === "eq" ? sql<SqlBool>`${value} = ${flag}` : by === "ne" ? sql<SqlBool>`${value} <> ${flag}` : never;
  }
  if (as === "time") {
    const time = typeof wanted === "string" && wanted.length <= 40 ? Date.parse(wanted) : Number.NaN;
    if (Number.isNaN(time)) throw refused("invalidFilter", "a time is written as 2026-01-31T12:00:00Z");
    return ordered(sql`${value}`, by, sql`${new Date(time)}::timestamptz`);
  }
  const exact = "exact" in more && more.exact === true;
  const left = exact ? value : sql`lower(${value})`;
  const text = String(wanted).replaceAll("\u0000", "\ufffd");
  const right = sql`${exact ? text : text.toLowerCase()}::text`;
  if (by === "co") return sql<SqlBool>`position(${right} in ${left}) > 0`;
  if (by === "sw") return sql<SqlBool>`starts_with(${left}, ${right})`;
  if (by === "ew") return sql<SqlBool>`right(${left}, length(${right})) = ${right}`;
  if (by === "ne") return sql<SqlBool>`${left} is distinct from ${right}`;
  return ordered(left, by, right);
}

function ordered(left: RawBuilder<unknown>, by: Comparator, right: RawBuilder<unknown>): Condition {
  switch (by) {
    case "eq":
      return sql<SqlBool>`${left} = ${right}`;
    case "ne":
      return sql<SqlBool>`${left} <> ${right}`;
    case "gt":
      return sql<SqlBool>`${left} > ${right}`;
    case "ge":
      return sql<SqlBool>`${left} >= ${right}`;
    case "lt":
      return sql<SqlBool>`${left} < ${right}`;
    case "le":
      return sql<SqlBool>`${left} <= ${right}`;
    default:
      return never;
  }
}

function personColumn(path: string): Column | undefined {
  switch (path) {
    case "id":
      return { as: "text", value: sql`p.subject_id::text`, exact: true };
    case "username":
      return { as: "text", value: sql`p.user_name` };
    case "externalid":
      return { as: "text", value: sql`p.external_id`, exact: true };
    case "active":
      return { as: "flag", value: sql`(s.disabled_at is null)` };
    case "meta.created":
      return { as: "time", value: sql`p.created_at` };
    case "meta.lastmodified":
      return { as: "time", value: sql`p.changed_at` };
    default: {
      const name = textNamed(path === "enterprise.manager" ? "enterprise.manager.value" : path);
      return name === undefined ? undefined : { as: "text", value: sql`p.attributes -> 'texts' ->> ${name}::text` };
    }
  }
}

function listCondition(path: string, inner: Filter | null): Condition | undefined {
  const list = listNamed(path);
  if (list === undefined) return path === "groups" ? groupsOfPerson(inner) : undefined;
  const items = sql`jsonb_array_elements(coalesce(p.attributes -> 'lists' -> ${list}::text, '[]'))`;
  const condition = inner === null ? sql`true` : conditionOf(inner, itemColumn(list), () => undefined);
  return sql<SqlBool>`exists (select from ${items} as i (item) where ${condition})`;
}

const itemColumn =
  (list: ListName): Columns =>
  (path) => {
    const part = itemPart(list, path);
    if (part === undefined) return undefined;
    if (part === "primary") return { as: "flag", value: sql`coalesce((i.item ->> 'primary')::boolean, false)` };
    return { as: "text", value: sql`i.item ->> ${part}::text` };
  };

function groupsOfPerson(inner: Filter | null): Condition {
  const columns: Columns = (path) =>
    path === "value"
      ? { as: "text", value: sql`t.id::text`, exact: true }
      : path === "display"
        ? { as: "text", value: sql`t.display_name` }
        : undefined;
  const condition = inner === null ? sql`true` : conditionOf(inner, columns, () => undefined);
  return sql<SqlBool>`exists (select from subject_group_members m join directory_teams t on t.group_name = m.group_name
    where m.subject_id = p.subject_id and t.directory_id = p.directory_id and ${condition})`;
}

function teamColumn(path: string): Column | undefined {
  switch (path) {
    case "id":
      return { as: "text", value: sql`t.id::text`, exact: true };
    case "displayname":
      return { as: "text", value: sql`t.display_name` };
    case "externalid":
      return { as: "text", value: sql`t.external_id`, exact: true };
    case "meta.created":
      return { as: "time", value: sql`t.created_at` };
    case "meta.lastmodified":
      return { as: "time", value: sql`t.changed_at` };
    default:
      return undefined;
  }
}

function membersCondition(path: string, inner: Filter | null): Condition | undefined {
  if (path !== "members") return undefined;
  const columns: Columns = (part) =>
    part === "value"
      ? { as: "text", value: sql`p.subject_id::text`, exact: true }
      : part === "display"
        ? { as: "text", value: sql`p.user_name` }
        : undefined;
  const condition = inner === null ? sql`true` : conditionOf(inner, columns, () => undefined);
  return sql<SqlBool>`exists (select from subject_group_members m join directory_people p on p.subject_id = m.subject_id
    where m.group_name = t.group_name and p.directory_id = t.directory_id and ${condition})`;
}

function unknown(path: string): never {
  throw refused("invalidFilter", `there is no attribute ${path.slice(0, 80)} to filter by`);
}
