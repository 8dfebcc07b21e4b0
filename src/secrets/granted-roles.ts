import type { Connection } from "../vocabulary/index.js";

/**
 * The roles that the user of a session is a member of, in the order in which the connection lists them: what rules grant, as far
 * as the connection allows it. Rules that say nothing (null) leave it to the connection. Null: nobody names any.
 */
export function grantedRoles(
  { credential }: Pick<Connection, "credential">,
  roles: readonly string[] | null,
): readonly string[] | null {
  const allowed = credential?.roles;
  if (roles === null) return allowed ?? null;
  return allowed?.filter((role) => roles.includes(role)) ?? [];
}
