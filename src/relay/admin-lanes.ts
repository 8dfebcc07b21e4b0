import type { TargetCredential } from "../protocol/index.js";
import type { CredentialProvider, Lease } from "../secrets/lease.js";
import type { Pipe } from "../transport/pipe.js";
import { type Connection, deadline, HoopError, type Subject, type TargetAdmin } from "../vocabulary/index.js";
import type { Protocols } from "./context.js";

/** Sessions of the stored login at targets, kept warm, that make and remove users. */
export interface AdminLanes {
  /** Whether users can be made at such a target at all. */
  can(connection: Connection): boolean;
  /** One action at a time on each session. Throws HoopError. */
  use<T>(connection: Connection, action: (admin: TargetAdmin) => Promise<T>): Promise<T>;
  /** Closes what goes through that agent. */
  release(agent: string): void;
  close(): void;
}

export interface AdminLanePorts {
  readonly protocols: Protocols;
  /** The stored login, never a user made for a session. */
  readonly stored: CredentialProvider;
  dial(connection: Connection, signal: AbortSignal): Promise<Pipe>;
}

export interface AdminLaneLimits {
  /** Sessions to one target. */
  readonly each: number;
  /** Actions that wait for one target. */
  readonly queue: number;
  readonly openMs: number;
  /** One action, the wait for those before it not included. */
  readonly useMs: number;
  /** A session that nobody uses is closed after this long. */
  readonly idleMs: number;
  /** Not used for this long, it is asked whether it still lives before anything rests on it. */
  readonly doubtMs: number;
}

export const adminLaneLimits: AdminLaneLimits = {
  each: 2,
  queue: 1_000,
  openMs: 10_000,
  useMs: 30_000,
  idleMs: 5 * 60_000,
  doubtMs: 5_000,
};

interface Lane {
  readonly connection: Connection;
  readonly opened: Promise<{ readonly admin: TargetAdmin; readonly lease: Lease }>;
  last: Promise<unknown>;
  waiting: number;
  usedAt: number;
  idle: NodeJS.Timeout | null;
}

/** What is done for whoever comes is nobody's own. */
const system = { id: "system", kind: "service", name: "system", groups: [], version: 0 } as unknown as Subject;

export function createAdminLanes(ports: AdminLanePorts, limits: AdminLaneLimits = adminLaneLimits): AdminLanes {
  const pools = new Map<string, Lane[]>();
  const keyOf = (connection: Connection): string => `${connection.id} ${connection.version}`;

  async function open(connection: Connection) {
    const signal = deadline(limits.openMs);
    const administer = ports.protocols.get(connection.protocol)?.administer;
    if (administer === undefined)
      throw new HoopError("unsupported", `users cannot be made at targets of protocol ${connection.protocol}`);
    const lease = await ports.stored.lease(connection, system, signal);
    try {
      const credential: TargetCredential = { user: lease.user, secret: lease.secret };
      const dial = () => ports.dial(connection, deadline(limits.openMs));
      return { admin: await administer(dial, connection, credential), lease };
    } catch (error) {
      void lease.release();
      throw error;
    }
  }

  function dismiss(lane: Lane): void {
    const key = keyOf(lane.connection);
    const pool = pools.get(key);
    if (pool?.includes(lane) !== true) return;
    pool.splice(pool.indexOf(lane), 1);
    if (pool.length === 0) pools.delete(key);
    if (lane.idle !== null) clearTimeout(lane.idle);
    lane.opened.then(
      ({ admin, lease }) => {
        admin.close();
        void lease.release();
      },
      () => {},
    );
  }

  function laneFor(connection: Connection): Lane {
    const key = keyOf(connection);
    const pool = pools.get(key) ?? [];
    pools.set(key, pool);
    const [least] = [...pool].sort((one, other) => one.waiting - other.waiting);
    if (least !== undefined && (least.waiting === 0 || pool.length >= limits.each)) {
      if (least.waiting >= limits.queue / limits.each)
        throw new HoopError("limited", `too many sessions of ${connection.name} begin or end at once`);
      return least;
    }
    const opened = open(connection);
    const lane: Lane = {
      ...{ connection, opened, last: opened.catch(() => {}), waiting: 0, usedAt: Date.now(), idle: null },
    };
    opened.catch(() => dismiss(lane));
    pool.push(lane);
    return lane;
  }

  async function run<T>(lane: Lane, action: (admin: TargetAdmin) => Promise<T>): Promise<T> {
    const { admin } = await lane.opened;
    try {
      return await inTime(action(admin), limits.useMs);
    } catch (error) {
      // Whatever state it is in, nobody relies on it.
      if (!(error instanceof HoopError) || error.code !== "precondition-failed") dismiss(lane);
      throw error;
    } finally {
      lane.usedAt = Date.now();
    }
  }

  async function use<T>(connection: Connection, action: (admin: TargetAdmin) => Promise<T>): Promise<T> {
    const lane = laneFor(connection);
    lane.waiting++;
    if (lane.idle !== null) clearTimeout(lane.idle);
    lane.idle = null;
    const alive = lane.last.then(async () => {
      // A target that restarts ends it however young it is.
      if (Date.now() - lane.usedAt < limits.doubtMs && !(await lane.opened).admin.lost) return true;
      return run(lane, (admin) => admin.ping()).then(
        () => true,
        () => false,
      );
    });
    const turn = alive.then((is) => (is ? run(lane, action) : null));
    lane.last = turn.catch(() => {});
    try {
      if (await alive) return (await turn) as T;
    } finally {
      lane.waiting--;
      if (lane.waiting === 0 && pools.get(keyOf(connection))?.includes(lane))
        lane.idle = setTimeout(() => dismiss(lane), limits.idleMs).unref();
    }
    // It had died of old age: a fresh one tells whether the target is really gone.
    return use(connection, action);
  }

  return {
    can: (connection) => ports.protocols.get(connection.protocol)?.administer !== undefined,
    use,
    release(agent) {
      for (const pool of [...pools.values()])
        for (const lane of [...pool]) if (lane.connection.agent === agent && lane.waiting === 0) dismiss(lane);
    },
    close() {
      for (const pool of [...pools.values()]) for (const lane of [...pool]) dismiss(lane);
    },
  };
}

function inTime<T>(promise: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new HoopError("timeout", "the target did not answer in time")), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
