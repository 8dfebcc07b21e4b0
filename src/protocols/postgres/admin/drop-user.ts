import { setTimeout as sleep } from "node:timers/promises";
import { type AdminFacts, HoopError } from "../../../vocabulary/index.js";
import { membershipOptions } from "./facts.js";
import { ownMembership } from "./make-user.js";
import { type OwnConnection, stateBehind } from "./own-connection.js";
import { identifier, literal } from "./quote.js";

/** How long the user's sessions may take to end. */
const endMs = 5_000;

/** A database that is not there any more, or was never to be entered, keeps nothing of the user's that we could take. */
type ToDatabase = (database: string) => Promise<OwnConnection>;

/** See `TargetAdmin.dropUser`. Each step may have been done before. */
export async function dropUser(
  admin: OwnConnection,
  facts: AdminFacts,
  toDatabase: ToDatabase,
  { name, heir }: { name: string; heir: string },
): Promise<void> {
  const oid = await lockOut(admin, name);
  if (oid === null) return;
  if (!facts.superuser) await quietly(admin, ownMembership(name, facts.version >= membershipOptions));
  await endSessions(admin, facts, name, oid);
  const places = (await admin.ask(
    `SELECT d.datname::text FROM pg_database d WHERE d.datallowconn AND d.oid IN (
      SELECT s.dbid FROM pg_shdepend s WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = $1::oid)
      OR d.datname IN (SELECT x.database FROM pg_prepared_xacts x WHERE x.owner = $2)`,
    [oid, name],
  )) as [string][];
  const owner = await existing(admin, heir, facts.user);
  // What belongs to no one database is given away in whichever is asked: our own is always among them.
  for (const database of new Set([...places.map(([place]) => place), admin.database])) {
    const there = database === admin.database ? admin : await toDatabase(database);
    try {
      await rollBackPrepared(there, facts, name);
      await giveAway(there, facts, name, owner);
    } finally {
      if (there !== admin) there.close();
    }
  }
  try {
    await admin.run(`DROP ROLE ${identifier(name)}`);
  } catch (error) {
    if (stateBehind(error) !== "42704") throw error;
  }
}

/** No new session from here on. Null: the user is gone already. */
async function lockOut(admin: OwnConnection, name: string): Promise<string | null> {
  const [row] = await admin.ask("SELECT oid::text FROM pg_roles WHERE rolname = $1", [name]);
  if (row === undefined) return null;
  try {
    await admin.run(`ALTER ROLE ${identifier(name)} NOLOGIN CONNECTION LIMIT 0 PASSWORD NULL VALID UNTIL '-infinity'`);
  } catch (error) {
    if (stateBehind(error) === "42704") return null;
    throw error;
  }
  return String(row[0]);
}

async function endSessions(admin: OwnConnection, facts: AdminFacts, name: string, oid: string): Promise<void> {
  const until = Date.now() + endMs;
  const sessions = `FROM pg_stat_activity WHERE usesysid = ${literal(oid)}::oid AND pid <> pg_backend_pid()`;
  for (let wait = 5; ; wait = Math.min(wait * 2, 200)) {
    const [row] = await admin.ask(`SELECT count(*)::int ${sessions}`);
    if (row?.[0] === 0) return;
    if (Date.now() > until) throw new HoopError("timeout", `the sessions of ${name} do not end`);
    await asUser(admin, facts, name, `SELECT pg_terminate_backend(pid) ${sessions}`);
    await sleep(wait);
  }
}

async function rollBackPrepared(admin: OwnConnection, facts: AdminFacts, name: string): Promise<void> {
  const prepared = (await admin.ask(
    "SELECT gid FROM pg_prepared_xacts WHERE owner = $1 AND database = current_database()",
    [name],
  )) as [string][];
  for (const [gid] of prepared) {
    // Neither inside of a transaction block nor with another role inside of one: the role is set for the session.
    if (!facts.superuser) await admin.run(`SET ROLE ${identifier(name)}`);
    try {
      await admin.run(`ROLLBACK PREPARED ${literal(gid)}`);
    } finally {
      if (!facts.superuser) await admin.run("RESET ROLE");
    }
  }
}

async function giveAway(admin: OwnConnection, facts: AdminFacts, name: string, heir: string): Promise<void> {
  const user = identifier(name);
  await asUser(admin, facts, name, `REASSIGN OWNED BY ${user} TO ${identifier(heir)}; DROP OWNED BY ${user}`);
}

/** In one transaction; a superuser needs to be nobody else. */
async function asUser(admin: OwnConnection, { superuser }: AdminFacts, name: string, text: string): Promise<void> {
  try {
    await admin.run(`BEGIN; ${superuser ? "" : `SET LOCAL ROLE ${identifier(name)};`} ${text}; COMMIT`);
  } catch (error) {
    await admin.run("ROLLBACK").catch(() => {});
    throw error;
  }
}

/** The heir where it is there still; else the administrator, so that nothing stays behind for want of one. */
async function existing(admin: OwnConnection, heir: string, otherwise: string): Promise<string> {
  const rows = await admin.ask("SELECT 1 FROM pg_roles WHERE rolname = $1", [heir]);
  return rows.length > 0 ? heir : otherwise;
}

/** Whether it is ours already, or never can be, shows in what needs it. */
async function quietly(admin: OwnConnection, text: string): Promise<void> {
  await admin.run(text).catch(() => {});
}
