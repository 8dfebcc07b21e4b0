import { sql } from "kysely";
import type { Directory, DirectoryStore, DirectoryToken } from "../identity/directory/index.js";
import type { StandingCheck } from "../identity/roles/index.js";
import { HoopError, type SubjectId } from "../vocabulary/index.js";
import { peopleCondition, teamsCondition } from "./directory/filter-sql.js";
import {
  countPeople,
  countTeams,
  directoryColumns,
  membersOf,
  oneDirectory,
  onePerson,
  oneTeam,
  readPeople,
  readTeams,
} from "./directory/rows.js";
import { directoryWrite } from "./directory/write.js";
import { anAdminExists, keepAnAdmin } from "./identity/subjects.js";
import { standingOn } from "./roles.js";
import type { Db, Store } from "./store.js";
import { mapped } from "./store-error.js";

const tokenColumns =
  sql.raw(`id, directory_id as directory, label, created_at as "createdAt", created_by as "createdBy",
  expires_at as "expiresAt", last_used_at as "lastUsedAt"`);

/** Directories on PostgreSQL. `write`: a transaction that is alone with users, groups and roles, told to all replicas. */
export function createDirectoryStore(
  store: Store,
  write: <T>(work: (trx: Db) => Promise<T>) => Promise<T>,
): DirectoryStore {
  const { db, changes } = store;

  function checkedWrite<T>(check: StandingCheck, work: (trx: Db) => Promise<T>): Promise<T> {
    return write(async (trx) => {
      await check(await standingOn(trx));
      return work(trx);
    });
  }

  return {
    list: () =>
      mapped(
        async () =>
          (await sql<Directory>`select ${directoryColumns} from directories d order by d.name`.execute(db)).rows,
      ),
    get: (id) => mapped(() => oneDirectory(db, id)),
    create: (one, check) =>
      checkedWrite(check, async (trx) => {
        const { rows } =
          await sql`insert into directories (id, name, description, group_prefix, may_fill, enabled, provider, match_by, created_at)
          values (${one.id}, ${one.name}, ${one.description}, ${one.groupPrefix}, ${[...one.mayFill]}::text[], ${one.enabled},
            ${one.provider}, ${one.matchBy}, ${one.createdAt})
          on conflict (name) do nothing returning id`.execute(trx);
        if (rows.length === 0) throw new HoopError("conflict", `there is a directory ${one.name} already`);
      }),
    put: (one, check) =>
      checkedWrite(check, async (trx) => {
        await sql`update directories set description = ${one.description}, may_fill = ${[...one.mayFill]}::text[],
          enabled = ${one.enabled}, provider = ${one.provider}, match_by = ${one.matchBy} where id = ${one.id}`.execute(
          trx,
        );
      }),
    remove: (id, check) =>
      checkedWrite(check, async (trx) => {
        // Who it had switched off stays off, by our own word from now on.
        await sql`update subjects set disabled_here = true where disabled_at is not null and id in (
          select subject_id from directory_people where directory_id = ${id})`.execute(trx);
        const { rows } = await sql`delete from directories where id = ${id} returning id`.execute(trx);
        return rows.length > 0;
      }),
    give: (directory, what, check) =>
      checkedWrite(check, async (trx) => {
        const { rows } =
          "group" in what
            ? await sql`insert into directory_teams (id, directory_id, group_name, display_name)
                select gen_random_uuid(), ${directory}, name, name from subject_groups where name = ${what.group}
                on conflict do nothing returning id`.execute(trx)
            : await sql`insert into directory_people (subject_id, directory_id, user_name, active, attributes)
                select id, ${directory}, name, disabled_at is null, '{"texts": {}, "lists": {}}' from subjects
                where id = ${what.user} and kind = 'person' and removed_at is null on conflict do nothing returning subject_id`.execute(
                trx,
              );
        if (rows.length === 0) throw new HoopError("conflict", "it is not there, or belongs to a directory already");
        if ("user" in what)
          await sql`update subjects set password_hash = null, version = nextval('subject_versions') where id = ${what.user}`.execute(
            trx,
          );
      }),

    addToken: (token, hash, check) =>
      checkedWrite(check, async (trx) => {
        await sql`insert into directory_tokens (id, directory_id, hash, label, created_at, created_by, expires_at)
          values (${token.id}, ${token.directory}, ${hash}, ${token.label}, ${token.createdAt}, ${token.createdBy}, ${token.expiresAt})`.execute(
          trx,
        );
      }),
    tokens: (directory) =>
      mapped(async () => {
        const { rows } = await sql<DirectoryToken>`select ${tokenColumns} from directory_tokens
          where directory_id = ${directory} order by created_at`.execute(db);
        return rows;
      }),
    removeToken: (directory, id) =>
      mapped(async () => {
        const { rows } =
          await sql`delete from directory_tokens where directory_id = ${directory} and id = ${id} returning id`.execute(
            db,
          );
        return rows.length > 0;
      }),
    byToken: (hash) =>
      mapped(async () => {
        const { rows } = await sql<
          Directory & { token: string; stale: boolean }
        >`select ${directoryColumns}, k.id as token,
            k.last_used_at is null or k.last_used_at < now() - interval '1 minute' as stale
          from directory_tokens k join directories d on d.id = k.directory_id
          where k.hash = ${hash} and k.expires_at > now() and d.enabled`.execute(db);
        if (rows[0] === undefined) return null;
        const { token, stale, ...directory } = rows[0];
        // To the minute: one write a request would be a lock that all of them wait for.
        if (stale) await sql`update directory_tokens set last_used_at = now() where id = ${token}`.execute(db);
        return { directory, token };
      }),

    people: (directory, { filter, offset, limit }) =>
      mapped(async () => {
        const where = sql<boolean>`p.directory_id = ${directory} and ${peopleCondition(filter)}`;
        const items = limit === 0 ? [] : await readPeople(db, where, { offset, limit });
        return { total: await countPeople(db, where), items };
      }),
    person: (directory, id) => mapped(() => onePerson(db, directory, id)),
    teams: (directory, { filter, offset, limit }) =>
      mapped(async () => {
        const where = sql<boolean>`t.directory_id = ${directory} and ${teamsCondition(filter)}`;
        const items = limit === 0 ? [] : await readTeams(db, where, { offset, limit });
        return { total: await countTeams(db, where), items };
      }),
    team: (directory, id) => mapped(() => oneTeam(db, directory, id)),
    members: (directory, teams) => mapped(() => membersOf(db, directory, teams)),

    change: (id, work) =>
      write(async (trx) => {
        const directory = await oneDirectory(trx, id);
        if (directory === null || !directory.enabled) throw new HoopError("denied", "this directory is switched off");
        const had = await anAdminExists(trx);
        const answer = await work(await directoryWrite(trx, changes, directory));
        if (had) await keepAnAdmin(trx);
        return answer;
      }),

    departed: (name) =>
      mapped(async () => {
        const { rows } = await sql`select from directory_departed where name = ${name}`.execute(db);
        return rows.length > 0;
      }),
    owners: (ids) =>
      mapped(async () => {
        const { rows } = await sql<{ id: SubjectId; name: string }>`select p.subject_id as id, d.name
          from directory_people p join directories d on d.id = p.directory_id where p.subject_id = any(${[...ids]}::uuid[])`.execute(
          db,
        );
        return new Map(rows.map(({ id, name }) => [id, name]));
      }),
    groupOwners: () =>
      mapped(async () => {
        const { rows } = await sql<{ group: string; name: string }>`select t.group_name as "group", d.name
          from directory_teams t join directories d on d.id = t.directory_id`.execute(db);
        return new Map(rows.map(({ group, name }) => [group, name]));
      }),
  };
}
