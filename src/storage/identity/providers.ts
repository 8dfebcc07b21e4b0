import { createHash } from "node:crypto";
import { sql } from "kysely";
import type { ProviderStore, SignInAttempt, StoredProvider } from "../../identity/providers/store.js";
import { HoopError, type SubjectId, subjectId } from "../../vocabulary/index.js";
import { standingOn } from "../roles.js";
import type { Db, Store } from "../store.js";
import { mapped } from "../store-error.js";
import { admit, type LinkRow, linkColumns, linkFromRow, renew } from "./provider-people.js";
import { providerSessions } from "./provider-sessions.js";

const mostProviders = 50;

interface ProviderRow {
  id: string;
  name: string;
  settings: unknown;
  version: number;
  created_at: Date;
}

interface AttemptRow {
  provider_id: string;
  browser_hash: Buffer;
  return_to: string;
  request_id: string | null;
  answer: string | null;
}

const providerColumns = sql.raw("id, name, settings, version, created_at");
const attemptColumns = sql.raw("provider_id, browser_hash, return_to, request_id, answer");

function providerFromRow({ id, name, settings, version, created_at }: ProviderRow): StoredProvider {
  return { id, name, settings, version, createdAt: created_at };
}

function attemptFromRow(row: AttemptRow): SignInAttempt & { readonly answer: string | null } {
  const { provider_id, browser_hash, return_to, request_id, answer } = row;
  return { provider: provider_id, browser: browser_hash, returnTo: return_to, request: request_id, answer };
}

/** Sign-in providers, and what they said, on PostgreSQL. */
export function createProviderStore(store: Store): ProviderStore {
  const { db, changes } = store;

  /** Bumped first, as every write of identities: versions are taken in the order of commits. */
  const write = <T>(work: (trx: Db) => Promise<T>): Promise<T> =>
    mapped(() =>
      db.transaction().execute(async (trx) => {
        await changes.publish("identity", trx);
        return work(trx);
      }),
    );

  return {
    ...providerSessions({ db, write }),

    providers: () =>
      mapped(async () => {
        const { rows } =
          await sql<ProviderRow>`select ${providerColumns} from identity_providers order by name`.execute(db);
        return rows.map(providerFromRow);
      }),

    putProvider: ({ id, name, settings }, check) =>
      write(async (trx) => {
        await check?.(await standingOn(trx));
        const { rows: all } =
          await sql<ProviderRow>`select ${providerColumns} from identity_providers for update`.execute(trx);
        const before = all.find((one) => one.name === name);
        if (before === undefined && all.length >= mostProviders)
          throw new HoopError("conflict", `there are ${mostProviders} sign-in providers already`);
        const text = JSON.stringify(settings);
        const { rows } = await sql<ProviderRow>`insert into identity_providers (id, name, settings)
          values (${id}, ${name}, ${text}::jsonb)
          on conflict (name) do update set id = excluded.id, settings = excluded.settings, version = identity_providers.version + 1
          returning ${providerColumns}`.execute(trx);
        return { before: before === undefined ? null : providerFromRow(before), after: providerFromRow(rows[0]!) };
      }),

    removeProvider: (name) =>
      write(async (trx) => {
        const { rows } =
          await sql<ProviderRow>`delete from identity_providers where name = ${name} returning ${providerColumns}`.execute(
            trx,
          );
        if (rows[0] === undefined) return null;
        await sql`delete from identity_links where provider_id = ${rows[0].id}`.execute(trx);
        return providerFromRow(rows[0]);
      }),

    keepAttempt: (state, { provider, browser, returnTo, request }, expiresAt) =>
      mapped(async () => {
        await sql`insert into sign_in_attempts (state_hash, provider_id, browser_hash, return_to, request_id, expires_at)
          values (${state}, ${provider}, ${browser}, ${returnTo}, ${request}, ${expiresAt})`.execute(db);
      }),

    attempt: (state) =>
      mapped(async () => {
        const { rows } = await sql<AttemptRow>`select ${attemptColumns} from sign_in_attempts
          where state_hash = ${state} and expires_at > now()`.execute(db);
        return rows[0] === undefined ? null : attemptFromRow(rows[0]);
      }),

    answerAttempt: (state, answer) =>
      mapped(async () => {
        const { rows } = await sql`update sign_in_attempts set answer = ${answer}
          where state_hash = ${state} and expires_at > now() and answer is null returning state_hash`.execute(db);
        return rows.length > 0;
      }),

    takeAttempt: (state) =>
      mapped(async () => {
        const { rows } = await sql<AttemptRow & { live: boolean }>`delete from sign_in_attempts
          where state_hash = ${state} returning ${attemptColumns}, expires_at > now() as live`.execute(db);
        return rows[0]?.live ? attemptFromRow(rows[0]) : null;
      }),

    once: (kind, id, expiresAt) =>
      mapped(async () => {
        const hash = createHash("sha256").update(id).digest();
        const { rows } =
          await sql`insert into used_once (kind, id_hash, expires_at) values (${kind}, ${hash}, ${expiresAt})
          on conflict do nothing returning kind`.execute(db);
        return rows.length > 0;
      }),

    admit: (newcomer) => write((trx) => admit(trx, newcomer)),
    renew: (who) => write((trx) => renew(trx, who)),

    isLinked: (subject) =>
      mapped(async () => {
        const { rows } = await sql<{ there: boolean }>`select exists (
          select from identity_links where subject_id = ${subject}) as there`.execute(db);
        return rows[0]!.there;
      }),

    links: (by) =>
      mapped(async () => {
        const match = "subject" in by ? sql`subject_id = ${by.subject}` : sql`provider_id = ${by.provider}`;
        const { rows } = await sql<LinkRow>`select ${linkColumns} from identity_links where ${match}
          order by created_at limit 1000`.execute(db);
        return rows.map(linkFromRow);
      }),

    addLink: ({ provider, externalId, subject }, check) =>
      write(async (trx) => {
        await check?.(await standingOn(trx));
        const { rows } = await sql<{
          subject_id: SubjectId;
        }>`insert into identity_links (provider_id, external_id, subject_id)
          values (${provider}, ${externalId}, ${subject}) on conflict (provider_id, external_id) do update
          set subject_id = identity_links.subject_id returning subject_id`.execute(trx);
        if (subjectId(rows[0]!.subject_id) !== subject)
          throw new HoopError("conflict", "that person at the provider is another user here", {
            hint: "remove that link first",
          });
      }),

    removeLink: (provider, externalId) =>
      write(async (trx) => {
        const { rows } = await sql`delete from identity_links
          where provider_id = ${provider} and external_id = ${externalId} returning provider_id`.execute(trx);
        return rows.length > 0;
      }),

    sweep: () =>
      mapped(async () => {
        await sql`delete from sign_in_attempts where expires_at < now()`.execute(db);
        await sql`delete from used_once where expires_at < now()`.execute(db);
        // A new one has no login yet for a moment; one whose last login is gone is nobody's.
        await sql`delete from provider_sessions p where created_at < now() - interval '1 hour'
          and not exists (select from provider_logins l where l.session_id = p.id)
          and not exists (select from device_logins d where d.provider_session_id = p.id)
          and not exists (select from pending_sign_ins s where s.provider_session_id = p.id)`.execute(db);
      }),
  };
}
