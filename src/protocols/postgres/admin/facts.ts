import type { AdminFacts } from "../../../vocabulary/index.js";
import type { OwnConnection } from "./own-connection.js";

/** From here on ADMIN, INHERIT and SET are options of each membership, and CREATEROLE alone reaches no other role. */
export const membershipOptions = 160_000;
/** What is used of the server is there from this version on. */
export const oldestServer = 120_000;

export async function readFacts(admin: OwnConnection): Promise<AdminFacts> {
  const rows = await admin.ask(`SELECT r.rolname::text, r.rolsuper, r.rolsuper OR r.rolcreaterole, pg_is_in_recovery(),
    current_setting('server_version_num')::int FROM pg_roles r WHERE r.rolname = current_user`);
  const [user, superuser, canCreateUsers, standby, version] = rows[0] as [string, boolean, boolean, boolean, number];
  return { user, superuser, canCreateUsers, standby, version };
}

/** Why users that are members of `roles` cannot be made here; null: they can. */
export async function obstacleTo(
  admin: OwnConnection,
  facts: AdminFacts,
  roles: readonly string[],
): Promise<string | null> {
  if (facts.version < oldestServer) return `the target is older than PostgreSQL ${oldestServer / 10_000}`;
  if (facts.standby) return "the target only follows another server";
  if (!facts.canCreateUsers) return `${facts.user} may not create roles (CREATEROLE)`;
  if (roles.length === 0) return "no roles are named";
  const rows = (await admin.ask(
    `SELECT r.rolname::text, r.rolsuper, pg_has_role(current_user, r.oid, 'MEMBER WITH ADMIN OPTION')
      FROM pg_roles r WHERE r.rolname = ANY ($1::text[])`,
    [roles],
  )) as [string, boolean, boolean][];
  for (const role of roles) {
    const found = rows.find(([name]) => name === role);
    if (found === undefined) return `there is no role ${role} at the target`;
    if (facts.superuser) continue;
    if (role === facts.user) return `${role} cannot be a role of users that it makes itself`;
    if (found[1]) return `${facts.user} may not give ${role}, which is a superuser`;
    // Until version 15 CREATEROLE reaches every role but superusers.
    if (facts.version >= membershipOptions && !found[2])
      return `${facts.user} may not give ${role}: GRANT ${role} TO ${facts.user} WITH ADMIN OPTION`;
  }
  return null;
}
