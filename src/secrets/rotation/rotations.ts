import { type Connection, HoopError, hoopErrorFrom } from "../../vocabulary/index.js";
import type { SecretVault } from "../vault.js";
import { pendingKind, type RotatePorts, recover, rotate } from "./rotate.js";
import type { RotationStore } from "./rotation-store.js";

const dayMs = 24 * 3_600_000;
const lookMs = 10 * 60_000;

export interface RotationPorts extends Omit<RotatePorts, "vault"> {
  readonly vault: SecretVault;
  readonly store: RotationStore;
  readonly connections: () => readonly Connection[];
  /** Whether a stored password of such a target can be changed. */
  readonly can: (connection: Connection) => boolean;
  readonly replica: string;
  readonly now: () => number;
  /** In the record, as Hoop's own doing. */
  readonly record: (connection: Connection, after: Readonly<Record<string, unknown>>) => void;
  readonly log: { info(fields: object, text: string): void; warn(fields: object, text: string): void };
}

/** New passwords for stored logins, on demand and by their connections' schedules. */
export interface Rotations {
  /** Throws HoopError; the old password works then. */
  rotate(connection: Connection): Promise<{ readonly user: string }>;
  /** While one is being changed here, nobody should log in with it. */
  settled(connection: Connection): Promise<void>;
  /** What an interruption left, and what is due. */
  look(): Promise<void>;
  close(): void;
}

export function createRotations(ports: RotationPorts): Rotations {
  const running = new Map<string, Promise<unknown>>();

  async function claimed<T>(connection: Connection, action: () => Promise<T>): Promise<T> {
    if (!(await ports.store.claim(connection, ports.replica)))
      throw new HoopError("conflict", `the password of ${connection.name} is being changed already`);
    const work = action();
    running.set(connection.id, work);
    try {
      const result = await work;
      await ports.store.finish(connection.id, null);
      return result;
    } catch (error) {
      await ports.store.finish(connection.id, hoopErrorFrom(error).message).catch(() => {});
      throw error;
    } finally {
      running.delete(connection.id);
    }
  }

  function checked(connection: Connection): void {
    if (!ports.can(connection))
      throw new HoopError("unsupported", `stored passwords of ${connection.protocol} targets are not changed by Hoop`);
    if (connection.credential?.from !== undefined)
      throw new HoopError(
        "precondition-failed",
        `the password of ${connection.name} is kept elsewhere: it is changed there`,
      );
    const twin = ports.connections().find((other) => other.id !== connection.id && sameLogin(other, connection));
    if (twin !== undefined)
      throw new HoopError(
        "precondition-failed",
        `${twin.name} logs in there as the same user, with a password of its own here`,
        {
          hint: "give each connection a login of its own",
        },
      );
  }

  async function look(): Promise<void> {
    const all = ports.connections();
    for (const { id } of await ports.vault.list(pendingKind)) {
      const connection = all.find((one) => one.id === id);
      if (connection === undefined) await ports.vault.delete({ kind: pendingKind, id });
      else await mend(connection);
    }
    const changed = await ports.store.changed();
    for (const connection of all) {
      const days = connection.credential?.rotateDays;
      const last = changed.get(connection.id)?.getTime() ?? 0;
      if (days === undefined || ports.now() - last < days * dayMs) continue;
      await bySchedule(connection);
    }
  }

  async function mend(connection: Connection): Promise<void> {
    // Whoever is at it has the claim.
    if (running.has(connection.id) || !(await ports.store.claim(connection, ports.replica))) return;
    const known = await recover(ports, connection).catch(() => false);
    await ports.store.finish(connection.id, known ? null : "which of two passwords is in force is not known yet");
    ports.log[known ? "info" : "warn"](
      { connection: connection.name },
      known
        ? "an interrupted change of a password is settled"
        : "an interrupted change of a password is not settled yet",
    );
  }

  async function bySchedule(connection: Connection): Promise<void> {
    try {
      checked(connection);
      const { user } = await claimed(connection, () => rotate(ports, connection));
      ports.record(connection, { user, schedule: true });
    } catch (error) {
      if (error instanceof HoopError && error.code === "conflict") return;
      ports.log.warn({ err: error, connection: connection.name }, "a password that is due was not changed");
      ports.record(connection, { failed: hoopErrorFrom(error).message, schedule: true });
    }
  }

  const safely = (): void =>
    void look().catch((error: unknown) => ports.log.warn({ err: error }, "stored passwords were not looked after"));
  const clock = setInterval(safely, lookMs).unref();
  const first = setTimeout(safely, 5_000).unref();

  return {
    async rotate(connection) {
      checked(connection);
      return claimed(connection, () => rotate(ports, connection));
    },
    settled: async (connection) => void (await running.get(connection.id)?.catch(() => {})),
    look,
    close() {
      clearInterval(clock);
      clearTimeout(first);
    },
  };
}

function sameLogin(one: Connection, other: Connection): boolean {
  return (
    one.protocol === other.protocol &&
    one.host === other.host &&
    one.port === other.port &&
    one.agent === other.agent &&
    one.target["user"] === other.target["user"]
  );
}
