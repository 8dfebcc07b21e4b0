import { type Kysely, sql } from "kysely";
import {
  type AnalysisView,
  type Cause,
  type EntryView,
  type EventDraft,
  eventsOf,
  mayBeEvent,
  type SessionFacts,
  sessionFacts,
} from "../../events/index.js";
import type { NewEntry } from "../../recording/new-entry.js";
import type { Store } from "../store.js";
import { followAgents } from "./presence.js";
import { writeEvents } from "./write.js";

/** What follows entries into the store, in their transaction. */
export type EntriesWritten = (trx: unknown, entries: readonly NewEntry[]) => Promise<void>;

// biome-ignore lint/complexity/noBannedTypes: only raw statements are run on it
type Trx = Kysely<{}>;

/** The end of a statement of which nothing is an event; most are such, and are not parsed. */
const uneventful = /"outcome":"ok","rows":\d{1,15},"bytes":\d{1,15},"maskedCells":0,"durationMs":(\d{1,15})/;

/**
 * Entries of a recording as events, written in the transaction that brings the entries to the store: the journal has them before
 * anything was forwarded, and the chain takes each entry once, so no event is lost or doubled by a crash at any point.
 */
export function eventsFromEntries(
  changes: Pick<Store["changes"], "publish">,
  { slowMs }: { readonly slowMs: number },
): EntriesWritten {
  return async (given, entries) => {
    const trx = given as Trx;
    const views = entries.flatMap((entry) => viewOf(entry, slowMs) ?? []);
    if (views.length === 0) return;
    const facts = await factsFor(trx, views);
    const analyses = await analysesFor(trx, views);
    const ended = await endingsFor(trx, views);
    const around = {
      slowMs,
      session: (id: string) => facts.get(id),
      analysis: (reference: unknown) => analyses.get(String(reference)) ?? null,
      endedBy: (session: string) => ended.get(session) ?? [],
    };
    const events = new Map<string, EventDraft>();
    for (const view of views)
      for (const event of eventsOf(view, around)) if (!events.has(event.id)) events.set(event.id, event);
    await writeEvents(changes, trx, await followAgents(trx, [...events.values()]));
  };
}

function viewOf(entry: NewEntry, slowMs: number): EntryView | null {
  if (!mayBeEvent(entry.kind, entry.outcome)) return null;
  const text = entry.body.toString("utf8");
  if (entry.kind === "statement-finished" && !text.includes('"budgets":')) {
    const found = uneventful.exec(text);
    if (found?.[1] !== undefined && Number(found[1]) <= slowMs) return null;
  }
  return {
    kind: entry.kind,
    session: entry.session,
    time: entry.time,
    place: `${entry.chain} ${entry.seq}`,
    body: JSON.parse(text) as Record<string, unknown>,
  };
}

/** Of sessions that began in these entries, and of those that began before. */
async function factsFor(trx: Trx, views: readonly EntryView[]): Promise<ReadonlyMap<string, SessionFacts>> {
  const facts = new Map<string, SessionFacts>();
  const begun: { readonly session: string; readonly facts: string }[] = [];
  for (const view of views) {
    const made = sessionFacts(view);
    if (made === null || view.session === null) continue;
    facts.set(view.session, made);
    begun.push({ session: view.session, facts: JSON.stringify(made) });
  }
  if (begun.length > 0)
    await sql`insert into event_sessions (session, facts, at)
      select session, facts, now() from unnest(${begun.map(({ session }) => session)}::uuid[], ${begun.map((one) => one.facts)}::text[]) as given (session, facts)
      on conflict (session) do nothing`.execute(trx);
  const wanted = [
    ...new Set(views.flatMap(({ session }) => (session === null || facts.has(session) ? [] : [session]))),
  ];
  if (wanted.length > 0) {
    const { rows } = await sql<{ session: string; facts: string }>`
      select session, facts from event_sessions where session = any(${wanted}::uuid[])`.execute(trx);
    for (const row of rows) facts.set(row.session, JSON.parse(row.facts) as SessionFacts);
  }
  return facts;
}

async function analysesFor(trx: Trx, views: readonly EntryView[]): Promise<ReadonlyMap<string, AnalysisView>> {
  const wanted = [
    ...new Set(
      views.flatMap(({ kind, body }) =>
        kind === "statement" && typeof body["analysis"] === "string" ? [body["analysis"]] : [],
      ),
    ),
  ];
  if (wanted.length === 0) return new Map();
  const { rows } = await sql<{ hash: string; body: string }>`select encode(hash, 'hex') as hash, body
    from recording_analyses where hash = any(select decode(name, 'hex') from unnest(${wanted}::text[]) as name)`.execute(
    trx,
  );
  return new Map(rows.map(({ hash, body }) => [hash, JSON.parse(body) as AnalysisView]));
}

/** What rules ended sessions: their events carry the chain on, so that a rule does not answer itself. */
async function endingsFor(trx: Trx, views: readonly EntryView[]): Promise<ReadonlyMap<string, readonly Cause[]>> {
  const closed = views.flatMap(({ kind, session }) => (kind === "session-closed" && session !== null ? [session] : []));
  if (closed.length === 0) return new Map();
  const { rows } = await sql<{ session: string; cause: string }>`select distinct on (session) session, cause
    from restraints where session = any(${closed}::uuid[]) and kind in ('kill', 'pause') order by session, since desc`.execute(
    trx,
  );
  return new Map(rows.map(({ session, cause }) => [session, JSON.parse(cause) as readonly Cause[]]));
}
