import { type Connection, HoopError, hoopErrorFrom } from "../../vocabulary/index.js";
import type { EphemeralPorts } from "./ports.js";

/** How sessions of a connection log in. */
export type Plan =
  | { readonly kind: "static"; readonly why: string }
  | {
      readonly kind: "ephemeral";
      /** Where users are made. */
      readonly at: Connection;
      /** The target follows it: a user is there a moment later. */
      readonly follows: boolean;
      readonly roles: readonly string[];
      readonly heir: string;
      /** The heir may be a role that the user is no member of. */
      readonly anyHeir: boolean;
    };

/** Looks at the target once. Throws HoopError: `precondition-failed` where users were demanded and cannot be made. */
export async function planFor(ports: EphemeralPorts, connection: Connection): Promise<Plan> {
  const { users = "auto", roles, owner, from } = connection.credential ?? {};
  const demanded = users === "ephemeral";
  const not = (why: string): Plan => {
    if (!demanded) return { kind: "static", why };
    throw new HoopError("precondition-failed", `no user can be made for a session of ${connection.name}: ${why}`, {
      hint: "see the guide about credentials, or set credential users=static",
    });
  };
  if (users === "static") return { kind: "static", why: "the connection says so" };
  if (!ports.admins.can(connection)) return not(`users cannot be made at targets of protocol ${connection.protocol}`);
  if (connection.target["user"] === undefined && from === undefined) return not("no login is stored");

  const place = await placeFor(ports, connection);
  if (typeof place === "string") return not(place);
  const facts = await ports.admins.use(place.at, (admin) => admin.facts());
  const offered = place.follows ? place.at.credential?.roles : undefined;
  const foreign = offered && roles?.find((role) => !offered.includes(role));
  if (foreign) return not(`${foreign} is not among the roles of ${place.at.name}`);
  // With no roles named, a session may what the stored login may, as it does without users of its own.
  const granted = roles !== undefined && roles.length > 0 ? roles : facts.superuser ? [facts.user] : [];
  if (granted.length === 0) return not(`${facts.user} is no superuser and the connection names no roles for users`);
  const obstacle = await ports.admins.use(place.at, (admin) => admin.obstacle(granted));
  if (obstacle !== null) return not(obstacle);
  if (owner !== undefined && !granted.includes(owner) && !facts.superuser)
    return not(`${facts.user} is no superuser, so what users own can only go to one of their roles`);
  return {
    kind: "ephemeral",
    ...place,
    roles: granted,
    heir: owner ?? granted[0]!,
    anyHeir: owner !== undefined && facts.superuser,
  };
}

type Place = { readonly at: Connection; readonly follows: boolean };

async function placeFor(ports: EphemeralPorts, connection: Connection): Promise<Place | string> {
  const { standby } = await ports.admins.use(connection, (admin) => admin.facts());
  if (!standby) return { at: connection, follows: false };
  const name = connection.credential?.primary;
  if (name === undefined)
    return "the target only follows another server, and the connection does not say which (credential primary=NAME)";
  const at = ports.connections.byName(name);
  if (at === undefined) return `there is no connection ${name}, which it names as its primary`;
  // Whoever may change one connection must not thereby make users at another.
  if (at.credential?.followers?.includes(connection.name) !== true)
    return `connection ${name} does not name ${connection.name} among its followers (credential followers=…)`;
  if (!ports.admins.can(at)) return `users cannot be made at ${name}`;
  const facts = await ports.admins.use(at, (admin) => admin.facts());
  return facts.standby
    ? `${name}, which it names as its primary, only follows another server too`
    : { at, follows: true };
}

/** What went wrong, for a decision that is not the caller's to see. */
export const whyNot = (error: unknown): string => hoopErrorFrom(error, "the target could not be asked").message;
