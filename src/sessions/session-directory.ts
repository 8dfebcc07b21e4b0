import { HoopError, type SessionId } from "../vocabulary/index.js";
import type { Kill, LiveSession, SessionFilter, SessionStore } from "./store.js";

/** Open sessions of every replica. */
export interface SessionDirectory {
  /** Never waits: the store learns of it soon after. */
  register(session: Omit<LiveSession, "replica">): void;
  end(id: SessionId): void;
  list(filter: SessionFilter): Promise<readonly LiveSession[]>;
  get(id: SessionId): Promise<LiveSession | null>;
  /** Its replica ends it within a second. Throws HoopError `not-found`. */
  requestKill(id: SessionId, by: string, reason: string): Promise<void>;
  /** Called once for each kill of a session that was registered here and has not ended. */
  onKill(listener: (kill: Kill) => void): () => void;
  close(): Promise<void>;
}

export interface SessionDirectoryOptions {
  readonly store: SessionStore;
  /** UUID of this replica, new at each start. */
  readonly replica: string;
  readonly log: { warn(fields: object, text: string): void };
}

const gatherMs = 100;
const heartbeatMs = 5_000;
const retryMs = 1_000;

/**
 * Sessions are kept here and told to the store in batches behind them: the store is on nobody's way. While it is away they
 * gather; their number is bounded by the sessions that are open.
 */
export async function createSessionDirectory({
  store,
  replica,
  log,
}: SessionDirectoryOptions): Promise<SessionDirectory> {
  const own = new Map<SessionId, LiveSession>();
  const killed = new Set<SessionId>();
  const listeners = new Set<(kill: Kill) => void>();
  let began = new Map<SessionId, LiveSession>();
  let ended = new Set<SessionId>();
  let timer: NodeJS.Timeout | null = null;
  let dueAt = 0;
  let syncing: Promise<void> | null = null;
  let closed = false;

  function tell(kill: Kill): void {
    if (!own.has(kill.session) || killed.has(kill.session)) return;
    killed.add(kill.session);
    for (const listener of listeners) listener(kill);
  }

  /** False: the store is away. */
  async function sync(): Promise<boolean> {
    const [nowBegan, nowEnded] = [began, ended];
    began = new Map();
    ended = new Set();
    try {
      const known = await store.sync(replica, [...nowBegan.values()], [...nowEnded]);
      if (!known) for (const [id, session] of own) if (!nowBegan.has(id)) began.set(id, session);
      return true;
    } catch (error) {
      for (const [id, session] of nowBegan) if (own.has(id)) began.set(id, session);
      for (const id of nowEnded) ended.add(id);
      log.warn({ err: error }, "the list of open sessions is behind");
      return false;
    }
  }

  /** The next batch goes then, or earlier if one was due earlier: who comes late does not put off who waits. */
  function schedule(afterMs: number): void {
    const due = performance.now() + afterMs;
    if (closed || syncing !== null || (timer !== null && dueAt <= due)) return;
    if (timer !== null) clearTimeout(timer);
    dueAt = due;
    timer = setTimeout(() => {
      timer = null;
      syncing = sync().then((reached) => {
        syncing = null;
        schedule(!reached ? retryMs : began.size > 0 || ended.size > 0 ? gatherMs : heartbeatMs);
      });
    }, afterMs).unref();
  }

  async function lookForKills(): Promise<void> {
    if (own.size === 0) return;
    try {
      for (const kill of await store.kills([...own.keys()])) tell(kill);
    } catch (error) {
      log.warn({ err: error }, "orders to end sessions cannot be read; tried again");
      if (!closed) setTimeout(() => void lookForKills(), 250).unref();
    }
  }

  await store.sync(replica, [], []);
  schedule(heartbeatMs);
  const stop = store.watch(() => void lookForKills());

  return {
    register(session) {
      const live = { ...session, replica };
      own.set(session.id, live);
      began.set(session.id, live);
      schedule(gatherMs);
    },
    end(id) {
      own.delete(id);
      killed.delete(id);
      // Began and ended between two batches: the store need never know.
      if (!began.delete(id)) ended.add(id);
      schedule(gatherMs);
    },
    list: (filter) => store.list(filter),
    get: async (id) => own.get(id) ?? (await store.get(id)),
    async requestKill(id, by, reason) {
      const kill = { session: id, by, reason };
      if (own.has(id)) return tell(kill);
      if ((await store.get(id)) === null)
        throw new HoopError("not-found", "this session is not open", { hint: "hoop sessions ls" });
      await store.addKill(kill);
    },
    onKill(listener) {
      const mine = (kill: Kill) => listener(kill);
      listeners.add(mine);
      return () => listeners.delete(mine);
    },
    async close() {
      closed = true;
      stop();
      if (timer !== null) clearTimeout(timer);
      await syncing;
      await store.leave(replica).catch(() => {});
    },
  };
}
