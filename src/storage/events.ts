import { sql } from "kysely";
import type { EventStore, FiringBody } from "../events/index.js";
import { advanceOn } from "./events/advance.js";
import { deliveriesOn } from "./events/deliveries.js";
import { documentsOn } from "./events/documents.js";
import { eventLogOn, listEvents } from "./events/log.js";
import { presenceOn } from "./events/presence.js";
import { restraintsOn } from "./events/restraints.js";
import { eventFromRow, type LogRow } from "./events/rows.js";
import { sweepEvents } from "./events/sweep.js";
import { writeEvents } from "./events/write.js";
import type { Store } from "./store.js";
import { mapped } from "./store-error.js";

export { eventsFromEntries } from "./events/from-entries.js";
export { writeEvents } from "./events/write.js";

interface CountsRow {
  readonly rule: string;
  readonly matched: string;
  readonly fired: string;
  readonly quiet: string;
  readonly guarded: string;
  readonly shadowed: string;
  readonly last_at: Date | null;
  readonly problem: string | null;
}

/** Events, the rules that answer them and what those do, on PostgreSQL. */
export function createEventStore(store: Store): EventStore {
  const { db, changes } = store;
  return {
    log: eventLogOn(store),
    list: (filter, before, limit) => listEvents(store, filter, before, limit),
    event: (id) =>
      mapped(async () => {
        const { rows } = await sql<LogRow>`select position, body from event_log where id = ${id}`.execute(db);
        return rows[0] === undefined ? null : eventFromRow(rows[0]);
      }),
    add: (events) => mapped(() => db.transaction().execute((trx) => writeEvents(changes, trx, events))),
    advance: advanceOn(store),
    watchEvents: (listener) => changes.watch("events", listener),
    watchReactions: (listener) => changes.watch("reactions", listener),
    ...documentsOn(store),
    ...restraintsOn(store),
    ...deliveriesOn(store),
    ...presenceOn(store),
    counts: () =>
      mapped(async () => {
        const { rows } = await sql<CountsRow>`select * from reaction_counts`.execute(db);
        return rows.map((row) => ({
          rule: row.rule,
          matched: Number(row.matched),
          fired: Number(row.fired),
          quiet: Number(row.quiet),
          guarded: Number(row.guarded),
          shadowed: Number(row.shadowed),
          problem: row.problem,
          lastAt: row.last_at?.getTime() ?? null,
        }));
      }),
    firings: (rule, limit) =>
      mapped(async () => {
        const { rows } = await sql<{
          id: string;
          rule: string;
          at: Date;
          body: string;
        }>`select id, rule, at, body from reaction_firings
          where ${rule}::text is null or rule = ${rule} order by at desc limit ${limit}`.execute(db);
        return rows.map(({ at, body, ...rest }) => ({
          ...rest,
          at: at.getTime(),
          body: JSON.parse(body) as FiringBody,
        }));
      }),
    windows: (rules) =>
      mapped(async () => {
        const { rows } = await sql<{
          rule: string;
          key: string;
          state: string;
        }>`select rule, key, state from reaction_windows
          where rule = any(${[...rules]}::text[]) and until > now() order by until desc limit 10000`.execute(db);
        return rows.map(({ rule, key, state }) => ({ rule, key, window: JSON.parse(state) }));
      }),
    sweep: (keep, signal) => mapped(() => sweepEvents(store, keep, signal)),
  };
}
