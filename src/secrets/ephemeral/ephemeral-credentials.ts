import { randomUUID } from "node:crypto";
import { type Connection, HoopError, type Subject, type TargetAdmin } from "../../vocabulary/index.js";
import type { CredentialProvider, Lease } from "../lease.js";
import { within } from "../within.js";
import type { Plan } from "./plan.js";
import { Plans } from "./plans.js";
import type { EphemeralPorts } from "./ports.js";
import { Removals } from "./removals.js";
import { rolesFor } from "./roles-for.js";
import { userName } from "./user-name.js";
import type { EphemeralUser } from "./user-store.js";

/** A login begins within this time after the user was made or its password was extended. */
const goodForMs = 10 * 60_000;
const extendBelowMs = 2 * 60_000;
/** A server that follows may lag this much. */
const followMs = 5_000;
const beatMs = 5_000;
/** Replicas that were cut off from the store as well have said that they live by then. */
const settledMs = 15_000;
/** What the last sessions leave is removed before the process ends, if it takes no longer. */
const lastMs = 5_000;
const sweptAtOnce = 100;

type Ephemeral = Extract<Plan, { kind: "ephemeral" }>;

export interface EphemeralCredentials extends CredentialProvider {
  /** How sessions of this connection log in, and why. Throws HoopError. */
  plan(connection: Connection): Promise<Plan>;
  /** Users that exist now, or are not removed yet, of all replicas. */
  list(): Promise<readonly EphemeralUser[]>;
  /** Removes what replicas that died have left. */
  sweep(): Promise<void>;
  close(): Promise<void>;
}

/**
 * A user of its own at the target for each session, where the connection and its target allow it; else the stored login.
 * Each is in the store before it is made, so that whatever dies, somebody removes it.
 */
export function createEphemeralCredentials(ports: EphemeralPorts): EphemeralCredentials {
  const removals = new Removals(ports);
  const plans = new Plans(ports, tryOut);

  async function make(
    connection: Connection,
    plan: Ephemeral,
    subject: Pick<Subject, "id" | "name">,
    roles = plan.roles,
  ): Promise<Lease> {
    const user: EphemeralUser = {
      id: randomUUID(),
      place: plan.at.id,
      connection: connection.name,
      name: userName(subject.name, ports.random),
      heir: plan.anyHeir || roles.includes(plan.heir) ? plan.heir : roles[0]!,
      subject: { id: subject.id, name: subject.name },
      madeAt: new Date(ports.now()),
    };
    const secret = ports.random(24).toString("base64url");
    let until = ports.now() + goodForMs;
    const admin = <T>(action: (admin: TargetAdmin) => Promise<T>): Promise<T> => ports.admins.use(plan.at, action);
    const follow = async (place: string | null): Promise<void> => {
      if (!plan.follows) return;
      if (place === null) throw new HoopError("unsupported", "the primary does not tell where its log is");
      await ports.admins.use(connection, (there) => there.reached(place, followMs));
    };
    // Others must know that this replica lives before they see what it made.
    await begun;
    await ports.store.add(user, ports.replica);
    try {
      const { place } = await admin((at) =>
        at.makeUser({
          name: user.name,
          secret,
          until: new Date(until),
          roles,
          replication: connection.target["allowReplication"] === true,
          comment: `made by Hoop for ${printable(subject.name)} on ${connection.name}, removed when the session ends`,
        }),
      );
      await follow(place);
    } catch (error) {
      plans.forget(connection);
      void removals.remove(user, plan.at);
      throw error;
    }
    let released: Promise<void> | null = null;
    return {
      user: user.name,
      secret,
      role: roles[0]!,
      expires: null,
      async renew() {
        if (released !== null) throw new HoopError("unavailable", "the session's user at the target is gone");
        if (until - ports.now() > extendBelowMs) return;
        until = ports.now() + goodForMs;
        await admin((at) => at.extendUser(user.name, new Date(until)));
      },
      release() {
        released ??= removals.remove(user, plan.at);
        return released;
      },
    };
  }

  async function tryOut(connection: Connection, plan: Ephemeral): Promise<void> {
    const lease = await make(connection, plan, { id: "trial" as Subject["id"], name: "trial" });
    try {
      await ports.logIn(connection, { user: lease.user, secret: lease.secret!, role: lease.role! });
    } finally {
      await lease.release();
    }
  }

  let contactSince: number | null = null;
  async function turn(): Promise<void> {
    try {
      await ports.store.beat(ports.replica);
      contactSince ??= ports.now();
      if (ports.now() - contactSince >= settledMs) await sweep();
    } catch (error) {
      contactSince = null;
      ports.log.warn({ err: error }, "users at targets are not looked after: the store does not answer");
    }
  }

  async function sweep(): Promise<void> {
    for (const user of await ports.store.takeOver(ports.replica, sweptAtOnce)) {
      if (removals.has(user.id)) continue;
      ports.log.info({ user: user.name, connection: user.connection }, "a user that a replica left is removed");
      void removals.remove(user, null);
    }
  }

  const begun = turn();
  const clock = setInterval(() => void turn(), beatMs).unref();

  return {
    plan: (connection) => plans.of(connection),

    async lease(connection, subject, signal, wanted = null) {
      const late = `the target of ${connection.name} did not answer in time, and a user has to be made there first`;
      const plan = await within(signal, plans.of(connection), connection.name, late);
      const roles = rolesFor(connection, plan, wanted);
      if (plan.kind === "static") return ports.stored.lease(connection, subject, signal);
      const making = make(connection, plan, subject, roles);
      try {
        return await within(signal, making, connection.name, late);
      } catch (error) {
        // Nobody waits for it any more, yet it may come.
        making.then(
          (lease) => lease.release(),
          () => {},
        );
        throw error;
      }
    },

    list: () => ports.store.list(10_000),
    sweep,

    async close() {
      clearInterval(clock);
      await removals.close(lastMs);
      await ports.store.leave(ports.replica).catch(() => {});
    },
  };
}

/** A name as the target's administrators may read it. */
function printable(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, "?").slice(0, 100);
}
