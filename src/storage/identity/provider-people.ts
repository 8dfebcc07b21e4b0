import { createHash, randomUUID } from "node:crypto";
import { sql } from "kysely";
import { nameFrom } from "../../identity/names.js";
import type { Admitted, Newcomer, ProviderLink } from "../../identity/providers/store.js";
import type { StoredSubject } from "../../identity/store.js";
import { HoopError, type SubjectId, subjectId } from "../../vocabulary/index.js";
import { provisionedFor } from "../directory/arrival.js";
import type { Db } from "../store.js";
import { anAdminExists, insertSubject, oneSubject, setGroups } from "./subjects.js";

export interface LinkRow {
  provider_id: string;
  external_id: string;
  subject_id: string;
  groups: string[];
  created_at: Date;
  last_sign_in_at: Date | null;
}

export const linkColumns = sql.raw("provider_id, external_id, subject_id, groups, created_at, last_sign_in_at");

export function linkFromRow(row: LinkRow): ProviderLink {
  return {
    provider: row.provider_id,
    externalId: row.external_id,
    subject: subjectId(row.subject_id),
    groups: row.groups,
    createdAt: row.created_at,
    lastSignInAt: row.last_sign_in_at,
  };
}

/** Names that say more than they should. */
const reserved = new Set(["admin", "administrator", "root", "system", "hoop", "anonymous", "nobody", "support"]);
const firstAdminGroups = ["admins", "auditors", "engineers"];

/** Whose the person at the provider is; the row is locked, so that two sign-ins at once make one user. */
async function linked(
  trx: Db,
  { provider, externalId }: Pick<Newcomer, "provider" | "externalId">,
): Promise<{ link: ProviderLink; subject: StoredSubject | null } | null> {
  const { rows } = await sql<LinkRow>`select ${linkColumns} from identity_links
    where provider_id = ${provider} and external_id = ${externalId} for update`.execute(trx);
  if (rows[0] === undefined) return null;
  const link = linkFromRow(rows[0]);
  return { link, subject: await oneSubject(trx, { id: link.subject }) };
}

export async function admit(trx: Db, newcomer: Newcomer): Promise<Admitted> {
  const found = await linked(trx, newcomer);
  // Whom a directory provisions is theirs: found by its word, or not let in.
  const known = found?.subject ?? (await provisionedFor(trx, newcomer));
  if (known === null && !newcomer.provision)
    throw new HoopError("denied", "you are not known here, and nobody is added by signing in", {
      hint: "ask an admin for access",
    });
  const subject = known ?? (await insertSubject(trx, await draftFor(trx, newcomer)));
  // The user that it led to was removed: whoever the provider vouches for now is a new one.
  await sql`insert into identity_links (provider_id, external_id, subject_id, last_sign_in_at)
    values (${newcomer.provider}, ${newcomer.externalId}, ${subject.id}, now())
    on conflict (provider_id, external_id) do update set last_sign_in_at = now(), subject_id = excluded.subject_id,
      groups = case when identity_links.subject_id = excluded.subject_id then identity_links.groups else '{}' end`.execute(
    trx,
  );
  const given = found?.subject == null ? [] : found.link.groups;
  const groups =
    newcomer.firstAdmin && !(await anAdminExists(trx)) ? { fixed: firstAdminGroups } : { fixed: [] as string[] };
  return apply(trx, subject, given, newcomer, { created: known === null, extra: groups.fixed });
}

export async function renew(
  trx: Db,
  who: Pick<Newcomer, "provider" | "externalId" | "email" | "groups">,
): Promise<Admitted | null> {
  const found = await linked(trx, who);
  if (found === null || found.subject === null) return null;
  return apply(trx, found.subject, found.link.groups, who, { created: false, extra: [] });
}

/** Gives and takes what the provider says; what people were given here stays theirs. */
async function apply(
  trx: Db,
  subject: StoredSubject,
  given: readonly string[],
  who: Pick<Newcomer, "provider" | "externalId" | "email" | "groups">,
  { created, extra }: { created: boolean; extra: readonly string[] },
): Promise<Admitted> {
  const wanted = who.groups === null ? given : [...who.groups.named, ...(await harmless(trx, who.groups.matched))];
  const { rows } = await sql<{ name: string }>`select name from subject_groups
    where name = any(${[...wanted]}::text[])`.execute(trx);
  const there = rows.map(({ name }) => name);
  const unknownGroups = wanted.filter((name) => !there.includes(name));
  const own = subject.groups.filter((name) => !given.includes(name));
  let next = [...new Set([...own, ...there, ...extra])].sort();
  const email = who.email ?? subject.email;
  const same = next.join() === subject.groups.join() && email === subject.email;
  let keptAdmin = false;
  if (!same) {
    const had = await anAdminExists(trx);
    await sql`update subjects set email = ${email}, version = nextval('subject_versions') where id = ${subject.id}`.execute(
      trx,
    );
    await setGroups(trx, subject.id, next);
    if (had && !(await anAdminExists(trx))) {
      keptAdmin = true;
      next = [...new Set([...next, ...subject.groups])].sort();
      await setGroups(trx, subject.id, next);
    }
  }
  // What they have of themselves is nothing that the provider could take away.
  const theirs = keptAdmin ? given : there.filter((name) => !own.includes(name));
  await sql`update identity_links set groups = ${theirs}::text[]
    where provider_id = ${who.provider} and external_id = ${who.externalId}`.execute(trx);
  const after = same ? subject : (await oneSubject(trx, { id: subject.id }))!;
  return { subject: after, created, before: same ? null : subject, unknownGroups, keptAdmin };
}

/** Of what a pattern came to: groups that roles are bound to are given by name only. */
async function harmless(trx: Db, groups: readonly string[]): Promise<readonly string[]> {
  if (groups.length === 0) return groups;
  const { rows } = await sql<{ name: string }>`select distinct group_name as name from role_bindings
    where group_name = any(${[...groups]}::text[]) and role <> 'engineer'`.execute(trx);
  return groups.filter((group) => !rows.some(({ name }) => name === group));
}

async function draftFor(
  trx: Db,
  { provider, externalId, names, email }: Newcomer,
): Promise<Parameters<typeof insertSubject>[1]> {
  return {
    id: randomUUID() as SubjectId,
    kind: "person",
    name: await freeName(trx, names, `${provider} ${externalId}`),
    email,
    groups: [],
    passwordHash: null,
  };
}

/** A name that nobody has. Somebody who is there already is never taken for them, whatever they are called. */
async function freeName(trx: Db, wanted: readonly string[], whole: string): Promise<string> {
  const tail = createHash("sha256").update(whole).digest("hex").slice(0, 8);
  const bases = wanted.map(nameLike).filter((name) => name !== "" && !reserved.has(name));
  const candidates = [...bases.slice(0, 1), ...bases.map((name) => `${name.slice(0, 55)}-${tail}`), `user-${tail}`];
  for (const candidate of candidates) {
    const name = nameOrNull(candidate);
    if (name !== null && (await oneSubject(trx, { name })) === null) return name;
  }
  return nameFrom(`user-${randomUUID()}`, "user");
}

/** As near to it as a name here can be. */
function nameLike(text: string): string {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^a-z0-9._@+-]+/g, "-")
    .slice(0, 64)
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, "");
}

function nameOrNull(text: string): string | null {
  try {
    return nameFrom(text, "user");
  } catch {
    return null;
  }
}
