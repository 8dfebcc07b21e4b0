import { sql } from "kysely";
import {
  type Directory,
  type Person,
  type ProvisionedPerson,
  type ProvisionedTeam,
  refused,
  type TeamMember,
} from "../../identity/directory/index.js";
import { type SubjectId, subjectId } from "../../vocabulary/index.js";
import type { Db } from "../store.js";

export const directoryColumns =
  sql.raw(`d.id, d.name, d.description, d.group_prefix as "groupPrefix", d.may_fill as "mayFill",
  d.enabled, d.provider, d.match_by as "matchBy", d.created_at as "createdAt"`);

interface PersonRow {
  subject_id: string;
  name: string;
  user_name: string;
  external_id: string | null;
  active: boolean;
  attributes: Pick<Person, "texts" | "lists">;
  usable: boolean;
  groups: { id: string; displayName: string }[];
  created_at: Date;
  changed_at: Date;
  version: number;
}

const personColumns = sql.raw(`p.subject_id, s.name, p.user_name, p.external_id, p.active, p.attributes,
  s.disabled_at is null as usable, p.created_at, p.changed_at, p.version,
  coalesce((select jsonb_agg(jsonb_build_object('id', t.id, 'displayName', t.display_name) order by t.display_name)
    from subject_group_members m join directory_teams t on t.group_name = m.group_name
    where m.subject_id = p.subject_id and t.directory_id = p.directory_id), '[]') as groups`);

const from = sql.raw("from directory_people p join subjects s on s.id = p.subject_id and s.removed_at is null");

function personFromRow(row: PersonRow): ProvisionedPerson {
  return {
    id: subjectId(row.subject_id),
    name: row.name,
    person: {
      userName: row.user_name,
      externalId: row.external_id,
      active: row.active,
      texts: row.attributes.texts,
      lists: row.attributes.lists,
    },
    usable: row.usable,
    groups: row.groups,
    createdAt: row.created_at,
    changedAt: row.changed_at,
    version: row.version,
  };
}

type Where = ReturnType<typeof sql<boolean>>;
interface Cut {
  readonly offset: number;
  readonly limit: number;
}

export async function readPeople(db: Db, where: Where, cut: Cut): Promise<ProvisionedPerson[]> {
  const { rows } = await sql<PersonRow>`select ${personColumns} ${from} where ${where}
    order by p.created_at, p.subject_id offset ${cut.offset} limit ${cut.limit}`.execute(db);
  return rows.map(personFromRow);
}

export async function countPeople(db: Db, where: Where): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count ${from} where ${where}`.execute(db);
  return rows[0]!.count;
}

export async function onePerson(db: Db, directory: string, id: string): Promise<ProvisionedPerson | null> {
  if (!uuid.test(id)) return null;
  const where = sql<boolean>`p.directory_id = ${directory} and p.subject_id = ${id}`;
  return (await readPeople(db, where, { offset: 0, limit: 1 }))[0] ?? null;
}

const teamColumns =
  sql.raw(`t.id, t.group_name as "group", t.display_name as "displayName", t.external_id as "externalId",
  t.created_at as "createdAt", t.changed_at as "changedAt", t.version`);

export async function readTeams(db: Db, where: Where, cut: Cut): Promise<readonly ProvisionedTeam[]> {
  const { rows } = await sql<ProvisionedTeam>`select ${teamColumns} from directory_teams t where ${where}
    order by t.created_at, t.id offset ${cut.offset} limit ${cut.limit}`.execute(db);
  return rows;
}

export async function countTeams(db: Db, where: Where): Promise<number> {
  const { rows } = await sql<{
    count: number;
  }>`select count(*)::int as count from directory_teams t where ${where}`.execute(db);
  return rows[0]!.count;
}

export async function oneTeam(db: Db, directory: string, id: string): Promise<ProvisionedTeam | null> {
  if (!uuid.test(id)) return null;
  const where = sql<boolean>`t.directory_id = ${directory} and t.id = ${id}`;
  return (await readTeams(db, where, { offset: 0, limit: 1 }))[0] ?? null;
}

/** Those of the directory: whoever else is in the group is nobody's to see from there. */
export async function membersOf(
  db: Db,
  directory: string,
  teams: readonly string[],
): Promise<ReadonlyMap<string, readonly TeamMember[]>> {
  const { rows } = await sql<{
    team: string;
    id: SubjectId;
    name: string;
  }>`select t.id as team, p.subject_id as id, p.user_name as name
    from directory_teams t join subject_group_members m on m.group_name = t.group_name
      join directory_people p on p.subject_id = m.subject_id and p.directory_id = t.directory_id
    where t.directory_id = ${directory} and t.id = any(${[...teams]}::uuid[]) order by p.user_name limit ${mostMembers + 1}`.execute(
    db,
  );
  if (rows.length > mostMembers)
    throw refused("tooMany", "too many members for one answer: excludedAttributes=members, or a smaller count");
  const found = new Map<string, TeamMember[]>();
  for (const { team, id, name } of rows) {
    const list = found.get(team) ?? [];
    list.push({ id, name });
    found.set(team, list);
  }
  return found;
}

export async function oneDirectory(db: Db, id: string): Promise<Directory | null> {
  const { rows } = await sql<Directory>`select ${directoryColumns} from directories d where d.id = ${id}`.execute(db);
  return rows[0] ?? null;
}

/** In one answer. */
const mostMembers = 100_000;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
