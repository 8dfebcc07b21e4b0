import type { AdminFacts, UserWish } from "../../../vocabulary/index.js";
import { membershipOptions } from "./facts.js";
import type { OwnConnection } from "./own-connection.js";
import { identifier, literal } from "./quote.js";
import { copiedSettings } from "./role-settings.js";
import { scramVerifier } from "./scram-verifier.js";

/**
 * Makes a user in one transaction. It has no attribute that reaches beyond its roles, and one session at a time: whoever gives
 * it a password of their own cannot log in beside the session that it was made for.
 */
export async function makeUser(
  admin: OwnConnection,
  facts: AdminFacts,
  wish: UserWish,
): Promise<{ place: string | null }> {
  const user = identifier(wish.name);
  const [verifier, settings] = await Promise.all([
    scramVerifier(wish.secret),
    copiedSettings(admin, wish.roles[0]!, wish.name),
  ]);
  const replication = wish.replication && facts.superuser ? "REPLICATION" : "NOREPLICATION";
  const withOptions = facts.version >= membershipOptions;
  const text = [
    "BEGIN",
    `CREATE ROLE ${user} LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS ${replication} CONNECTION LIMIT 1
      PASSWORD ${literal(verifier)} VALID UNTIL ${literal(wish.until.toISOString())}`,
    ...wish.roles.map((role) => {
      const options = withOptions ? " WITH INHERIT TRUE, SET TRUE" : "";
      return `GRANT ${identifier(role)} TO ${user}${options}`;
    }),
    ...(facts.superuser ? [] : [ownMembership(wish.name, withOptions)]),
    `COMMENT ON ROLE ${user} IS ${literal(wish.comment)}`,
    ...settings,
    "COMMIT",
    "SELECT pg_current_wal_insert_lsn()::text",
  ].join(";\n");
  try {
    const [row] = await admin.run(text);
    return { place: typeof row?.[0] === "string" ? row[0] : null };
  } catch (error) {
    await admin.run("ROLLBACK").catch(() => {});
    throw error;
  }
}

/** Who is no superuser ends the user's sessions and gives away what it owned by acting as it. */
export function ownMembership(name: string, withOptions: boolean): string {
  return `GRANT ${identifier(name)} TO CURRENT_USER${withOptions ? " WITH INHERIT FALSE, SET TRUE" : ""}`;
}
