import {
  type Analysis,
  type ColumnMask,
  type Connection,
  HoopError,
  type Outcome,
  type Subject,
} from "../../vocabulary/index.js";
import type { CompiledPolicy } from "../compile.js";
import { connectAnalysis } from "../connect.js";
import { maskedColumns } from "../masked-columns.js";
import type { RecordedHistory, RecordedStatement, Today } from "./history.js";
import { ruleCodes } from "./own-codes.js";
import { type Tried, tryStatement } from "./try-statement.js";

/** Statements of one shape that would be treated differently, by one subject on one connection. */
export interface ReplayChange {
  readonly subject: string;
  readonly connection: string;
  /** The text without its literals, or what is known of it. */
  readonly shape: string;
  /** What was recorded. */
  readonly before: Outcome;
  readonly after: Outcome | "unknown";
  /** Why; of `unknown`: what would have to be known. */
  readonly reasons: readonly string[];
  /** Columns that are shown differently, `public.customers.email: shown → partial`; empty: the masks are the same. */
  readonly masks: readonly string[];
  readonly count: number;
  /** Some of them, to look at. */
  readonly statements: readonly string[];
  readonly first: number;
  readonly last: number;
}

export interface ReplayReport {
  readonly statements: number;
  readonly same: number;
  /** Changed statements by what becomes of them: `allow → deny`. */
  readonly totals: Readonly<Record<string, number>>;
  /** The most frequent first. */
  readonly changes: readonly ReplayChange[];
  /** Changes that are not listed, for there are too many. */
  readonly unlisted: number;
  /** Statements by where the subject's groups are from. */
  readonly groups: { readonly recorded: number; readonly today: number };
}

export interface ReplayOptions {
  readonly since: number;
  readonly until: number;
  readonly signal: AbortSignal;
}

const maxListed = 500;
const maxChanges = 50_000;
const maxSamples = 3;
const maxSessions = 500_000;
const maxAnalyses = 50_000;

/**
 * Decides recorded statements by another set of rules. Each is decided as of its own time, with the subject's groups as they
 * were recorded where they were, and the rest as of today. What would need something that was not kept answers `unknown`.
 */
export async function replay(
  current: CompiledPolicy,
  wanted: CompiledPolicy,
  history: RecordedHistory,
  today: Today,
  options: ReplayOptions,
): Promise<ReplayReport> {
  const counts = { statements: 0, same: 0, recorded: 0, today: 0, unlisted: 0 };
  const totals: Record<string, number> = {};
  const changes = new Map<string, Mutable>();
  const people = createPeople(today);
  const maskChanges = createMaskComparison(current, wanted);
  const analyses = new Map<string, Analysis>();
  const held = new Set<string>();

  for await (const batch of history.read(options.since, options.until, options)) {
    options.signal.throwIfAborted();
    for (const { session, groups } of batch.sessions) people.opened(session, groups);
    await fetchAnalyses(batch.statements, analyses, history);
    for (const one of batch.statements) {
      // What was held or challenged and then let through is recorded twice; the first entry is what the rules said.
      if (held.delete(one.statement)) continue;
      if (one.outcome === "hold" || one.outcome === "challenge") held.add(one.statement);
      const known = people.find(one);
      const person = known instanceof Promise ? await known : known;
      const tried = tryOne(one, person?.subject ?? null, today.connection(one.connection));
      counts.statements += 1;
      if (person?.recorded) counts.recorded += 1;
      else counts.today += 1;
      if (tried.outcome === one.outcome && tried.masks.length === 0) counts.same += 1;
      else note(one, tried);
    }
  }
  const listed = [...changes.values()].sort((a, b) => b.count - a.count || a.first - b.first);
  for (const one of listed.slice(maxListed)) counts.unlisted += one.count;
  return {
    statements: counts.statements,
    same: counts.same,
    totals,
    changes: listed.slice(0, maxListed).map(({ statements, ...rest }) => ({ ...rest, statements: [...statements] })),
    unlisted: counts.unlisted,
    groups: { recorded: counts.recorded, today: counts.today },
  };

  function tryOne(one: RecordedStatement, subject: Subject | null, connection: Connection | null): Tried {
    if (!connection) return unknown("the connection is gone");
    if (!subject) return unknown("the subject is gone, and its groups were not recorded");
    const analysis = one.connecting
      ? connectAnalysis(connection)
      : one.analysis === null
        ? undefined
        : analyses.get(one.analysis);
    if (!analysis) return unknown("what the statement does was not kept where it can be read");
    const tried = tryStatement(wanted, { subject, connection, analysis, now: one.time });
    if (tried.outcome !== "deny" && one.outcome === "deny" && !one.reasons.some(({ code }) => ruleCodes.has(code)))
      return unknown(
        `it was refused by something other than rules: ${one.reasons[0]?.text ?? "no reason was recorded"}`,
      );
    if (tried.outcome === "deny" && one.reasons.some(({ code }) => code === "granted"))
      return unknown("a grant allowed it, and grants of that time are not known");
    if (tried.outcome !== "allow" || one.outcome !== "allow") return tried;
    const masks = maskChanges(subject, connection, analysis, one.time);
    return masks.length === 0 ? tried : { ...tried, masks };
  }

  function note(one: RecordedStatement, tried: Tried): void {
    const total = tried.outcome === one.outcome ? "masked differently" : `${one.outcome} → ${tried.outcome}`;
    totals[total] = (totals[total] ?? 0) + 1;
    const shape = one.connecting ? "opening the connection" : (one.shown ?? "(a text that cannot be shown)");
    const key = [one.name, one.connection, one.outcome, tried.outcome, shape, ...tried.masks].join("\0");
    const found = changes.get(key);
    if (found) {
      found.count += 1;
      found.first = Math.min(found.first, one.time);
      found.last = Math.max(found.last, one.time);
      if (found.statements.length < maxSamples) found.statements.push(one.statement);
    } else if (changes.size >= maxChanges) counts.unlisted += 1;
    else
      changes.set(key, {
        subject: one.name,
        connection: one.connection,
        shape: shape.slice(0, 500),
        before: one.outcome,
        after: tried.outcome,
        reasons: tried.reasons.slice(0, 3),
        masks: tried.masks,
        count: 1,
        statements: [one.statement],
        first: one.time,
        last: one.time,
      });
  }

  async function fetchAnalyses(
    statements: readonly RecordedStatement[],
    known: Map<string, Analysis>,
    source: RecordedHistory,
  ): Promise<void> {
    const missing = new Set<string>();
    for (const { analysis } of statements) if (analysis !== null && !known.has(analysis)) missing.add(analysis);
    if (missing.size === 0) return;
    if (known.size + missing.size > maxAnalyses) {
      known.clear();
      for (const { analysis } of statements) if (analysis !== null) missing.add(analysis);
    }
    for (const [hash, analysis] of await source.analyses([...missing])) known.set(hash, analysis);
  }
}

type Mutable = { -readonly [Key in keyof ReplayChange]: ReplayChange[Key] } & { statements: string[] };

const unknown = (reason: string): Tried => ({ outcome: "unknown", reasons: [reason], masks: [] });

/** What two sets show of columns, compared; what was compared once for the same masks and statement is kept. */
function createMaskComparison(current: CompiledPolicy, wanted: CompiledPolicy) {
  interface Pair {
    readonly before: readonly ColumnMask[];
    readonly after: readonly ColumnMask[];
  }
  const pairs = new WeakMap<Subject, WeakMap<Connection, Pair>>();
  const compared = new WeakMap<Analysis, Pair & { readonly changed: readonly string[] }>();

  function pairFor(subject: Subject, connection: Connection, now: number): Pair {
    const known = pairs.get(subject)?.get(connection);
    if (known) return known;
    const [before, after] = [current, wanted].map((set) => set.masksFor(subject, connection, now)) as [Masks, Masks];
    const pair = { before: before.masks, after: after.masks };
    if (before.dependsOn.size === 1 && after.dependsOn.size === 1) {
      const ofSubject = pairs.get(subject) ?? new WeakMap<Connection, Pair>();
      pairs.set(subject, ofSubject.set(connection, pair));
    }
    return pair;
  }

  return (subject: Subject, connection: Connection, analysis: Analysis, now: number): readonly string[] => {
    const { before, after } = pairFor(subject, connection, now);
    const known = compared.get(analysis);
    if (known && known.before === before && known.after === after) return known.changed;
    const changed = changedColumns(before, after, analysis);
    compared.set(analysis, { before, after, changed });
    return changed;
  };
}

type Masks = ReturnType<CompiledPolicy["masksFor"]>;

function changedColumns(
  before: readonly ColumnMask[],
  after: readonly ColumnMask[],
  analysis: Analysis,
): readonly string[] {
  const shown = (masks: readonly ColumnMask[]) =>
    new Map(maskedColumns(masks, analysis).map(({ column, mask }) => [column, mask.method as string]));
  const [was, is] = [shown(before), shown(after)];
  const changed: string[] = [];
  for (const column of new Set([...was.keys(), ...is.keys()])) {
    const [old, next] = [was.get(column) ?? "shown", is.get(column) ?? "shown"];
    if (old !== next) changed.push(`${column}: ${old} → ${next}`);
  }
  return changed.length === 0 ? none : changed.sort();
}

const none: readonly string[] = [];

interface Person {
  readonly subject: Subject | null;
  readonly recorded: boolean;
}

/** Subjects as they were in a session; one object for equal ones, so that what is kept beside them is kept once. */
function createPeople(today: Today) {
  const sessions = new Map<string, readonly string[]>();
  const found = new Map<string, Person>();
  return {
    opened(session: string, groups: readonly string[] | null): void {
      if (groups === null) return;
      if (sessions.size >= maxSessions)
        throw new HoopError("limited", "there are too many sessions in this time to look at them at once", {
          hint: "give a shorter --last",
        });
      sessions.set(session, groups);
    },
    find(one: RecordedStatement): Person | Promise<Person> {
      const groups = sessions.get(one.session);
      const key = groups ? `${one.subject}\0${groups.join("\0")}` : one.subject;
      return found.get(key) ?? look(key, one, groups);
    },
  };

  async function look(key: string, one: RecordedStatement, groups: readonly string[] | undefined): Promise<Person> {
    const now = await today.subject(one.subject);
    const subject = groups
      ? ({ id: one.subject, kind: "person", name: one.name, version: 0, ...now, groups } as Subject)
      : now;
    const person = { subject, recorded: groups !== undefined };
    found.set(key, person);
    return person;
  }
}
