import { sql } from "kysely";
import type { IdentityStore, StoredGroup, StoredLogin } from "../identity/store.js";
import { HoopError, subjectId } from "../vocabulary/index.js";
import { createAttemptStore } from "./attempts.js";
import { createDirectoryStore } from "./directories.js";
import { newNetworkEvent } from "./events/of-changes.js";
import { withUserEvents } from "./events/user-changes.js";
import { writeEvents } from "./events/write.js";
import { removeSubjectRow } from "./identity/remove-subject.js";
import {
  type DeviceRow,
  deviceColumns,
  deviceFromRow,
  type SubjectRow,
  subjectColumns,
  subjectFromRow,
} from "./identity/rows.js";
import {
  anAdminExists,
  endLoginsOf,
  insertSubject,
  keepAnAdmin,
  mayComeBack,
  notSwitchedOff,
  oneSubject,
  setGroups,
} from "./identity/subjects.js";
import { foundToken, insertLogin, insertTokens, rotate } from "./identity/tokens.js";
import { createRoleStore, standingOn } from "./roles.js";
import type { Db, Store } from "./store.js";
import { mapped } from "./store-error.js";

/** Identities on PostgreSQL. */
export function createIdentityStore(store: Store): IdentityStore {
  const { db } = store;
  // What this process wrote it knows at once; the feed tells the other replicas.
  const own = new Set<() => void>();

  /**
   * The topic is bumped first, which locks its row until the commit: versions are taken in the order of commits, so a
   * reader that has seen one has seen all below it.
   */
  async function write<T>(work: (trx: Db) => Promise<T>): Promise<T> {
    const result = await mapped(() =>
      db.transaction().execute(async (trx) => {
        await store.changes.publish("identity", trx);
        return withUserEvents(store.changes, trx, () => work(trx));
      }),
    );
    for (const listener of own) listener();
    return result;
  }

  const api: IdentityStore = {
    directories: createDirectoryStore(store, write),
    attempts: createAttemptStore(store),
    roles: createRoleStore(store, () => {
      for (const listener of own) listener();
    }),

    subject: (by) => mapped(() => oneSubject(db, by)),

    subjects: ({ after, limit }) =>
      mapped(async () => {
        const { rows } = await sql<SubjectRow>`select ${subjectColumns} from subjects s
          where s.removed_at is null and s.name > ${after ?? ""} order by s.name limit ${limit}`.execute(db);
        return rows.map(subjectFromRow);
      }),

    createSubject: (draft, check) =>
      write(async (trx) => {
        await check?.(await standingOn(trx));
        await mayComeBack(trx, draft.name, check !== undefined);
        return insertSubject(trx, draft);
      }),

    changeSubject: (id, change, endLogins, check) =>
      write(async (trx) => {
        await check?.(await standingOn(trx));
        const { rows } = await sql<{ id: string }>`update subjects set
            email = ${change.email === undefined ? sql.ref("email") : change.email},
            password_hash = ${change.passwordHash === undefined ? sql.ref("password_hash") : change.passwordHash},
            disabled_at = ${change.disabled === undefined ? sql.ref("disabled_at") : change.disabled ? sql`coalesce(disabled_at, now())` : null},
            disabled_here = ${change.disabled === undefined ? sql.ref("disabled_here") : change.disabled},
            version = nextval('subject_versions')
          where id = ${id} and removed_at is null returning id`.execute(trx);
        if (rows.length === 0) return null;
        if (change.disabled === false) await notSwitchedOff(trx, id);
        if (change.groups !== undefined) await setGroups(trx, id, change.groups);
        if (endLogins !== null) await endLoginsOf(trx, id, endLogins.because, endLogins.except);
        await keepAnAdmin(trx);
        return oneSubject(trx, { id });
      }),

    removeSubject: (id, check) =>
      write(async (trx) => {
        await check?.(await standingOn(trx));
        if (!(await removeSubjectRow(trx, store.changes, id))) return false;
        await keepAnAdmin(trx);
        return true;
      }),

    groups: () =>
      mapped(async () => {
        const { rows } = await sql<StoredGroup>`select g.name, g.description, count(m.subject_id)::int as members
          from subject_groups g left join subject_group_members m on m.group_name = g.name
          group by g.name order by g.name`.execute(db);
        return rows;
      }),

    createGroup: (name, description) =>
      mapped(async () => {
        const { rows } = await sql`insert into subject_groups (name, description) values (${name}, ${description})
          on conflict do nothing returning name`.execute(db);
        if (rows.length === 0) throw new HoopError("conflict", `there is a group ${name} already`);
      }),

    removeGroup: (name, check) =>
      write(async (trx) => {
        await check?.(await standingOn(trx));
        // Roles that are bound to it go with it.
        await store.changes.publish("roles", trx);
        const had = await anAdminExists(trx);
        await sql`update subjects set version = nextval('subject_versions')
          where id in (select subject_id from subject_group_members where group_name = ${name})`.execute(trx);
        const { rows } = await sql`delete from subject_groups where name = ${name} returning name`.execute(trx);
        if (had) await keepAnAdmin(trx);
        return rows.length > 0;
      }),

    createLogin: (login, tokens) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          await insertLogin(trx, login);
          await insertTokens(trx, login.id, tokens);
        }),
      ),

    token: (hash) => mapped(() => foundToken(db, hash)),

    rotate: async (hash, successors) => {
      const result = await rotate(db, hash, successors);
      // After its rows are free again: ending a login locks the topic first, like every other write.
      if (result.outcome === "reused")
        await api.endLogin(result.login, result.subject, "a refresh token was used twice");
      return result;
    },

    logins: (subject) =>
      mapped(async () => {
        const { rows } =
          await sql<StoredLogin>`select id, kind, client, address, created_at as "createdAt", expires_at as "expiresAt"
          from logins where subject_id = ${subject} and kind in ('token', 'browser') and ended_at is null and expires_at > now() order by created_at desc limit 200`.execute(
            db,
          );
        return rows;
      }),

    endLogin: (login, subject, because) =>
      write(async (trx) => {
        const { rows } =
          await sql`update logins set ended_at = now(), ended_because = ${because}, ended_version = nextval('subject_versions')
          where id = ${login} and subject_id = ${subject} and ended_at is null returning id`.execute(trx);
        return rows.length > 0;
      }),

    createDeviceLogin: (draft) =>
      mapped(async () => {
        await sql`insert into device_logins (device_hash, user_code_hash, client, address, expires_at)
          values (${draft.deviceHash}, ${draft.userCodeHash}, ${draft.client}, ${draft.address}, ${draft.expiresAt})`.execute(
          db,
        );
      }),

    deviceLogin: (by) =>
      mapped(async () => {
        const match =
          "userCodeHash" in by ? sql`user_code_hash = ${by.userCodeHash}` : sql`device_hash = ${by.deviceHash}`;
        const { rows } =
          await sql<DeviceRow>`select ${deviceColumns} from device_logins where ${match} and expires_at > now()`.execute(
            db,
          );
        return deviceFromRow(rows[0]);
      }),

    answerDeviceLogin: (userCodeHash, answer, subject, approver) =>
      mapped(async () => {
        const withFactor =
          "login" in approver
            ? sql`coalesce((select with_factor from logins where id = ${approver.login} and subject_id = ${subject}), false)`
            : approver.withFactor;
        const { rows } = await sql<DeviceRow>`update device_logins
          set answer = ${answer}, subject_id = ${subject}, with_factor = ${withFactor}, provider_session_id = ${
            "login" in approver
              ? sql`(select session_id from provider_logins where login_id = ${approver.login})`
              : null
          }
          where user_code_hash = ${userCodeHash} and answer is null and expires_at > now() returning ${deviceColumns}`.execute(
          db,
        );
        return deviceFromRow(rows[0]);
      }),

    takeDeviceLogin: (deviceHash) =>
      mapped(async () => {
        const { rows } = await sql<DeviceRow>`delete from device_logins
          where device_hash = ${deviceHash} and answer is not null and expires_at > now() returning ${deviceColumns}`.execute(
          db,
        );
        return deviceFromRow(rows[0]);
      }),

    knowsNetwork: (name, network) =>
      mapped(async () => {
        const { rows } = await sql<{ there: boolean }>`select exists (
          select from known_networks k join subjects s on s.id = k.subject_id
          where s.name = ${name} and s.removed_at is null and k.network = ${network} and k.last_at > now() - interval '90 days') as there`.execute(
          db,
        );
        return rows[0]!.there;
      }),

    rememberNetwork: (subject, network) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          const { rows } = await sql<{
            fresh: boolean;
          }>`insert into known_networks (subject_id, network) values (${subject}, ${network})
          on conflict (subject_id, network) do update set last_at = now() returning xmax = 0 as fresh`.execute(trx);
          // The last ones count; who travels a lot does not fill the table.
          await sql`delete from known_networks where subject_id = ${subject} and network not in (
          select network from known_networks where subject_id = ${subject} order by last_at desc limit 30)`.execute(
            trx,
          );
          const who = rows[0]?.fresh === true ? await oneSubject(trx, { id: subject }) : null;
          if (who !== null) await writeEvents(store.changes, trx, [newNetworkEvent(who, network)]);
        }),
      ),

    hasAdmin: () => mapped(() => anAdminExists(db)),

    addSetupToken: (hash, expiresAt) =>
      mapped(async () => {
        await sql`insert into setup_tokens (hash, expires_at) values (${hash}, ${expiresAt})`.execute(db);
      }),

    setUp: (token, draft) =>
      write(async (trx) => {
        if (token !== null) {
          const { rows } =
            await sql`delete from setup_tokens where hash = ${token} and expires_at > now() returning hash`.execute(
              trx,
            );
          if (rows.length === 0)
            throw new HoopError("unauthenticated", "this setup token is unknown, used or expired", {
              hint: "restart the gateway: it prints a new one as long as there is no admin",
            });
        }
        if (await anAdminExists(trx))
          throw new HoopError("conflict", "Hoop is set up already", { hint: "ask an admin for an account" });
        await sql`delete from setup_tokens`.execute(trx);
        return insertSubject(trx, { ...draft, kind: "person", groups: ["admins", "auditors", "engineers"] });
      }),

    changes: (since) =>
      mapped(async () => {
        const { rows: subjects } =
          await sql<SubjectRow>`select ${subjectColumns} from subjects s where s.version > ${since}`.execute(db);
        const { rows: logins } = await sql<{
          id: string;
          subject_id: string;
          ended_version: number;
          ended_because: string | null;
        }>`select id, subject_id, ended_version, ended_because
          from logins where ended_version > ${since}`.execute(db);
        return {
          version: Math.max(since, ...subjects.map((row) => row.version), ...logins.map((row) => row.ended_version)),
          subjects: subjects.map((row) => ({ ...subjectFromRow(row), removed: row.removed_at !== null })),
          endedLogins: logins.map((row) => ({
            login: row.id,
            subject: subjectId(row.subject_id),
            because: row.ended_because ?? "",
          })),
        };
      }),

    version: () =>
      mapped(async () => {
        const { rows } = await sql<{ version: number }>`select greatest(
          (select coalesce(max(version), 0) from subjects), (select coalesce(max(ended_version), 0) from logins)) as version`.execute(
          db,
        );
        return rows[0]!.version;
      }),

    watch(listener) {
      const mine = () => listener();
      own.add(mine);
      const stop = store.changes.watch("identity", mine);
      return () => {
        own.delete(mine);
        stop();
      };
    },
    staleness: () => store.changes.staleness(),

    sweep: () =>
      mapped(async () => {
        // A used refresh token stays as long as its login: it is how a stolen copy is recognised.
        await sql`delete from login_tokens where kind <> 'refresh' and expires_at < now() - interval '1 hour'`.execute(
          db,
        );
        await sql`delete from logins where expires_at < now() - interval '1 day' or ended_at < now() - interval '1 day'`.execute(
          db,
        );
        await sql`delete from device_logins where expires_at < now()`.execute(db);
        await sql`delete from setup_tokens where expires_at < now()`.execute(db);
      }),
  };
  return api;
}
