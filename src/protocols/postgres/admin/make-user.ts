import type { AdminFacts, UserWish } from "../../../vocabulary/index.js";
import { membershipOptions } from "./facts.js";
import type { OwnConnection } from "./own-connection.js";
import { identifier, literal } from "./quote.js";
import { readSettings, settingStatements } from "./role-settings.js";
import { scramVerifier } from "./scram-verifier.js";

const place = "SELECT pg_current_wal_insert_lsn()::text";

/**
 * Makes a user, in one message where its role has no settings: each more is a way to the target and back before the session
 * begins. It has no attribute that reaches beyond its roles, and one session at a time: whoever gives it a password of their own
 * cannot log in beside the session that it was made for.
 */
export async function makeUser(
  admin: OwnConnection,
  facts: AdminFacts,
  wish: UserWish,
): Promise<{ place: string | null }> {
  const role = wish.roles[0]!;
  const statements = await statementsFor(facts, wish);
  const made = await inTransaction(admin, [...statements, readSettings(role)]);
  try {
    // Nobody has its password before it has its settings, too.
    const settings = settingStatements(made[statements.length + 1]!, role, wish.name);
    return { place: placeFrom(settings.length === 0 ? made : await inTransaction(admin, settings)) };
  } catch (error) {
    await admin.run(`DROP ROLE IF EXISTS ${identifier(wish.name)}`).catch(() => {});
    throw error;
  }
}

type Results = Awaited<ReturnType<OwnConnection["runEach"]>>;

async function inTransaction(admin: OwnConnection, statements: readonly string[]): Promise<Results> {
  try {
    return await admin.runEach(["BEGIN", ...statements, "COMMIT", place].join(";\n"));
  } catch (error) {
    await admin.run("ROLLBACK").catch(() => {});
    throw error;
  }
}

function placeFrom(results: Results): string | null {
  const found = results.at(-1)?.[0]?.[0];
  return typeof found === "string" ? found : null;
}

async function statementsFor(facts: AdminFacts, wish: UserWish): Promise<readonly string[]> {
  const user = identifier(wish.name);
  const verifier = await scramVerifier(wish.secret);
  const replication = wish.replication && facts.superuser ? "REPLICATION" : "NOREPLICATION";
  const withOptions = facts.version >= membershipOptions;
  return [
    `CREATE ROLE ${user} LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS ${replication} CONNECTION LIMIT 1
      PASSWORD ${literal(verifier)} VALID UNTIL ${literal(wish.until.toISOString())}`,
    ...wish.roles.map((role) => {
      const options = withOptions ? " WITH INHERIT TRUE, SET TRUE" : "";
      return `GRANT ${identifier(role)} TO ${user}${options}`;
    }),
    ...(facts.superuser ? [] : [ownMembership(wish.name, withOptions)]),
    `COMMENT ON ROLE ${user} IS ${literal(wish.comment)}`,
  ];
}

/** Who is no superuser ends the user's sessions and gives away what it owned by acting as it. */
export function ownMembership(name: string, withOptions: boolean): string {
  return `GRANT ${identifier(name)} TO CURRENT_USER${withOptions ? " WITH INHERIT FALSE, SET TRUE" : ""}`;
}
