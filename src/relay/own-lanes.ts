import type { Operator } from "../protocol/index.js";
import type { Lease } from "../secrets/lease.js";
import { type Connection, deadline, HoopError, type Subject } from "../vocabulary/index.js";
import type { CataloguePorts } from "./catalogues.js";
import { credentialFrom } from "./credential-from.js";

/** Sessions of Hoop's own at targets, each under one person's login, kept warm for a moment. */
export interface OwnLanes {
  /** Runs `action` on a session to that database; one at a time on each. Throws HoopError. */
  use<T>(
    connection: Connection,
    database: string,
    subject: Subject,
    action: (operator: Operator) => Promise<T>,
  ): Promise<T>;
  /** Ends what runs under that subject's name: its login at the target goes with it. */
  forget(subject: Subject["id"]): void;
  close(): void;
}

export interface OwnLaneLimits {
  /** Reaching the target and logging in. */
  readonly openMs: number;
  /** One action, the wait for those before it included. */
  readonly useMs: number;
  /** A session that nobody uses is closed after this long. */
  readonly idleMs: number;
  /** Sessions at once. */
  readonly most: number;
  /** Actions that wait for one session. */
  readonly queue: number;
}

export const ownLaneLimits: OwnLaneLimits = { openMs: 10_000, useMs: 20_000, idleMs: 30_000, most: 64, queue: 32 };

interface Lane {
  readonly subject: Subject["id"];
  readonly opened: Promise<{ readonly operator: Operator; readonly lease: Lease }>;
  /** What was given to it last. */
  last: Promise<unknown>;
  waiting: number;
  idle: NodeJS.Timeout | null;
}

export function createOwnLanes(
  ports: Pick<CataloguePorts, "protocols" | "credentials" | "dial">,
  limits: OwnLaneLimits = ownLaneLimits,
): OwnLanes {
  const lanes = new Map<string, Lane>();

  async function open(connection: Connection, database: string, subject: Subject) {
    const signal = deadline(limits.openMs);
    const protocol = ports.protocols.get(connection.protocol);
    if (!protocol?.operate)
      throw new HoopError("unsupported", `Hoop has no session of its own with ${connection.protocol}`);
    const lease = await ports.credentials.lease(connection, subject, signal);
    try {
      const credential = credentialFrom(lease);
      const operator = await protocol.operate(() => ports.dial(connection, signal), connection, credential, database);
      return { operator, lease };
    } catch (error) {
      void lease.release();
      throw error;
    }
  }

  function laneFor(key: string, subject: Subject["id"], make: () => Lane["opened"]): Lane {
    const found = lanes.get(key);
    if (found !== undefined) return found;
    if (lanes.size >= limits.most) {
      const unused = [...lanes].find(([, { waiting }]) => waiting === 0);
      if (unused === undefined)
        throw new HoopError("limited", "as many statements are looked into as this gateway does at once");
      dismiss(unused[0]);
    }
    const opened = make();
    const lane: Lane = { subject, opened, last: opened.catch(() => {}), waiting: 0, idle: null };
    lanes.set(key, lane);
    opened.catch(() => lanes.get(key) === lane && lanes.delete(key));
    return lane;
  }

  function dismiss(key: string): void {
    const lane = lanes.get(key);
    if (lane === undefined) return;
    lanes.delete(key);
    if (lane.idle !== null) clearTimeout(lane.idle);
    lane.opened.then(
      ({ operator, lease }) => {
        operator.close();
        void lease.release();
      },
      () => {},
    );
  }

  return {
    async use(connection, database, subject, action) {
      const key = `${connection.id} ${connection.version} ${database} ${subject.id} ${subject.version}`;
      const lane = laneFor(key, subject.id, () => open(connection, database, subject));
      if (lane.waiting >= limits.queue) throw new HoopError("limited", "too many statements wait to be looked into");
      lane.waiting++;
      if (lane.idle !== null) clearTimeout(lane.idle);
      lane.idle = null;
      const turn = lane.last.then(async () => action((await lane.opened).operator));
      lane.last = turn.catch(() => {});
      try {
        return await inTime(turn, limits.useMs);
      } catch (error) {
        // Whatever state it is in, nobody relies on it: closing it rolls back what was open.
        if (lanes.get(key) === lane) dismiss(key);
        throw error;
      } finally {
        lane.waiting--;
        if (lane.waiting === 0 && lanes.get(key) === lane)
          lane.idle = setTimeout(() => dismiss(key), limits.idleMs).unref();
      }
    },

    forget(subject) {
      for (const [key, lane] of [...lanes]) if (lane.subject === subject) dismiss(key);
    },

    close() {
      for (const key of [...lanes.keys()]) dismiss(key);
    },
  };
}

function inTime<T>(promise: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new HoopError("timeout", "the target did not answer in time")), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
