import { type Connection, HoopError } from "../../vocabulary/index.js";
import { grantedRoles } from "../granted-roles.js";
import type { Plan } from "./plan.js";

const shown = 8;

/**
 * What a session's user is a member of. `wanted`: what rules grant; null: they say nothing.
 *
 * @throws HoopError `precondition-failed` where rules grant roles and none can be given: the session would have others' rights
 */
export function rolesFor(connection: Connection, plan: Plan, wanted: readonly string[] | null): readonly string[] {
  const own = plan.kind === "ephemeral" ? plan.roles : [];
  if (wanted === null) return own;
  const not = (why: string, hint: string): HoopError =>
    new HoopError("precondition-failed", `rules grant roles at ${connection.name}, and ${why}`, { hint });
  if (plan.kind === "static")
    throw not(
      `its sessions share the stored login: ${plan.why}`,
      "let the stored login make users (see the guide about credentials), or take `roles` out of the access documents",
    );
  const granted = grantedRoles(connection, wanted) ?? [];
  if (granted.length > 0) return granted;
  const named =
    wanted.length === 0 ? "none is left for you now" : `it allows none of ${wanted.slice(0, shown).join(", ")}`;
  throw not(named, "an admin can allow roles with `hoop connections edit NAME --credential roles=…`");
}
