import type { Operator } from "../protocol/index.js";
import type { Recorder } from "../recording/recorder.js";
import type { CredentialProvider, Lease } from "../secrets/lease.js";
import type { Pipe } from "../transport/pipe.js";
import {
  type Catalogue,
  type Connection,
  deadline,
  HoopError,
  hoopErrorFrom,
  type Subject,
} from "../vocabulary/index.js";
import type { Catalogues, Protocols } from "./context.js";
import { credentialFrom } from "./credential-from.js";

export interface CataloguePorts {
  readonly protocols: Protocols;
  readonly credentials: CredentialProvider;
  readonly recorder: Recorder;
  dial(connection: Connection, signal: AbortSignal): Promise<Pipe>;
  readonly now: () => number;
}

export interface CatalogueLimits {
  /** After this long the version is looked at again, behind the statement that asked. Changes made through Hoop are seen at once. */
  readonly freshMs: number;
  /** After this long unchecked, a statement waits for the check. */
  readonly staleMs: number;
  /** One reading, dial included. */
  readonly readMs: number;
  /** The warm connection is closed after this long without use. */
  readonly idleMs: number;
  /** Databases kept. */
  readonly most: number;
}

export const catalogueLimits: CatalogueLimits = {
  freshMs: 5_000,
  staleMs: 60_000,
  readMs: 20_000,
  idleMs: 60_000,
  most: 256,
};

type Done = (result: Catalogue | HoopError) => void;

/** One database of one connection, as its login role sees it. */
interface Slot {
  readonly key: string;
  connection: Connection;
  readonly database: string;
  catalogue: Catalogue | null;
  checkedAt: number;
  dirty: boolean;
  reading: boolean;
  waiting: Done[];
  operator: Operator | null;
  lease: Lease | null;
  idle: NodeJS.Timeout | null;
  asker: string;
}

/** Reads of one connection that are made for everybody carry no one person's rights; the record names who asked first. */
const system = { id: "system", kind: "service", name: "system", groups: [], version: 0 } as unknown as Subject;

/**
 * Caches each target database's catalogue. One reading serves everyone who waits; a warm operator connection makes the
 * version check one round trip.
 */
export function createCatalogues(ports: CataloguePorts, limits: CatalogueLimits = catalogueLimits): Catalogues {
  const slots = new Map<string, Slot>();
  const listeners = new Set<(connection: Connection) => void>();
  /** The one asked for last: the same session asks again and again, and making a key costs more than comparing. */
  let latest: { readonly connection: Connection; readonly database: string; readonly slot: Slot } | null = null;

  function slotFor(connection: Connection, database: string): Slot {
    if (latest === null || latest.connection !== connection || latest.database !== database)
      latest = { connection, database, slot: keptSlot(connection, database) };
    return latest.slot;
  }

  function keptSlot(connection: Connection, database: string): Slot {
    const key = `${connection.id} ${connection.version} ${database}`;
    const found = slots.get(key);
    if (found) {
      slots.delete(key);
      slots.set(key, found);
      return found;
    }
    const slot: Slot = {
      key,
      connection,
      database,
      catalogue: null,
      checkedAt: 0,
      dirty: true,
      reading: false,
      waiting: [],
      operator: null,
      lease: null,
      idle: null,
      asker: "",
    };
    slots.set(key, slot);
    if (slots.size > limits.most) {
      const [oldest] = slots.values();
      if (oldest && !oldest.reading) {
        slots.delete(oldest.key);
        dismiss(oldest);
      }
    }
    return slot;
  }

  function dismiss(slot: Slot): void {
    if (slot.idle) clearTimeout(slot.idle);
    slot.idle = null;
    slot.operator?.close();
    slot.operator = null;
    void slot.lease?.release();
    slot.lease = null;
  }

  async function operatorFor(slot: Slot, signal: AbortSignal): Promise<Operator> {
    if (slot.operator) return slot.operator;
    const protocol = ports.protocols.get(slot.connection.protocol);
    if (!protocol?.operate)
      throw new HoopError("unsupported", `protocol ${slot.connection.protocol} has no catalogue to read`);
    slot.lease = await ports.credentials.lease(slot.connection, system, signal);
    const credential = credentialFrom(slot.lease);
    slot.operator = await protocol.operate(
      () => ports.dial(slot.connection, signal),
      slot.connection,
      credential,
      slot.database,
    );
    return slot.operator;
  }

  async function look(slot: Slot): Promise<Catalogue> {
    const signal = deadline(limits.readMs);
    const warm = slot.operator !== null;
    try {
      return await ask(slot, signal);
    } catch (error) {
      dismiss(slot);
      // A warm connection may have died of old age since its last use; a fresh one tells whether the target is really gone.
      if (!warm) throw error;
      return await ask(slot, signal);
    }
  }

  async function ask(slot: Slot, signal: AbortSignal): Promise<Catalogue> {
    const operator = await operatorFor(slot, signal);
    const known = slot.catalogue?.version ?? null;
    const fresh = await withSignal(operator.catalogue(known), signal);
    const catalogue = fresh ?? slot.catalogue;
    if (!catalogue)
      throw new HoopError("internal", "the catalogue reader answered that nothing changed, but nothing was known");
    if (fresh && known !== null) tell(slot.connection);
    if (fresh) note(slot, fresh);
    return catalogue;
  }

  /** In a turn of its own: whoever is told may be in the midst of asking. */
  function tell(connection: Connection): void {
    queueMicrotask(() => {
      for (const listener of [...listeners]) listener(connection);
    });
  }

  /** What Hoop itself asks of a target is recorded as the system's own. */
  function note(slot: Slot, catalogue: Catalogue): void {
    ports.recorder.append({
      kind: "change",
      actor: { subject: "system", name: slot.asker, system: true },
      what: "catalogue-read",
      target: slot.connection.name,
      before: null,
      after: {
        database: slot.database,
        version: catalogue.version,
        relations: catalogue.relations.length,
        functions: catalogue.functions.length,
      },
    });
  }

  function refresh(slot: Slot): void {
    if (slot.reading) return;
    slot.reading = true;
    slot.dirty = false;
    const startedAt = ports.now();
    look(slot).then(
      (catalogue) => {
        slot.catalogue = catalogue;
        slot.checkedAt = startedAt;
        finish(slot, catalogue);
      },
      (error: unknown) => {
        slot.dirty = true;
        finish(slot, hoopErrorFrom(error, "the target's catalogue could not be read"));
      },
    );
  }

  function finish(slot: Slot, result: Catalogue | HoopError): void {
    slot.reading = false;
    if (slot.idle) clearTimeout(slot.idle);
    slot.idle = setTimeout(() => dismiss(slot), limits.idleMs).unref();
    // Something changed while this was being read, so those who wait must not get the old answer.
    if (slot.dirty && !(result instanceof HoopError) && slot.waiting.length > 0) return refresh(slot);
    const waiting = slot.waiting;
    slot.waiting = [];
    for (const done of waiting) done(result);
  }

  return {
    read(connection, database, asker, done) {
      const slot = slotFor(connection, database);
      slot.connection = connection;
      slot.asker = asker;
      const age = ports.now() - slot.checkedAt;
      if (slot.catalogue && !slot.dirty && age < limits.staleMs) {
        if (age >= limits.freshMs) refresh(slot);
        return done(slot.catalogue);
      }
      slot.waiting.push(done);
      refresh(slot);
    },

    invalidate(connection, database) {
      const slot = slotFor(connection, database);
      if (!slot.dirty) tell(connection);
      slot.dirty = true;
    },

    leave({ host, port }) {
      for (const slot of slots.values())
        if (!slot.reading && slot.connection.host === host && slot.connection.port === port) dismiss(slot);
    },

    watch(listener) {
      const own: typeof listener = (connection) => listener(connection);
      listeners.add(own);
      return () => listeners.delete(own);
    },

    release(agent) {
      for (const slot of slots.values()) if (slot.connection.agent === agent && !slot.reading) dismiss(slot);
    },

    close() {
      for (const slot of slots.values()) dismiss(slot);
      slots.clear();
      latest = null;
    },
  };
}

function withSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new HoopError("timeout", "reading the target's catalogue took too long"));
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
