import type { Subject } from "../vocabulary/index.js";
import type { AnalysisView, EntryView, SessionFacts } from "./derive/entry-view.js";
import { eventsOf } from "./derive/of-entry.js";
import type { Cause, EventDraft } from "./event.js";
import type { LiveRestraints } from "./live-restraints.js";
import type { LiveRules } from "./live-rules.js";
import type { Directory } from "./rules/compile.js";
import { firingOf, guarded } from "./rules/firing.js";
import { restraintsOf } from "./rules/plan-firing.js";
import type { RuleSet } from "./rules/rule-set.js";
import { emptyWindow, stepWindow, type Window } from "./rules/window.js";
import type { EventStore } from "./store.js";

/** What happened in a session, as its recorder is told. Structurally a recording's entry. */
export interface ReflexEntry {
  readonly kind: string;
  readonly session?: string | null | undefined;
}

/** Which entries rules are interested in: one bit each, so that a statement costs one test. */
export const interests = { denied: 1, held: 2, finished: 4, opened: 8, refused: 16, closed: 32, changed: 64 } as const;

const interestOf: Readonly<Record<string, number>> = {
  "statement.denied": interests.denied,
  "statement.held": interests.held,
  "statement.masked": interests.finished,
  "statement.slow": interests.finished,
  "statement.failed": interests.finished,
  "budget.crossed": interests.finished,
  "sensitive.seen": interests.finished,
  "session.opened": interests.opened,
  "session.refused": interests.refused,
  "session.closed": interests.closed,
  "session.killed": interests.closed,
  "login.failed": interests.changed,
};

export interface ReflexPorts {
  readonly store: EventStore;
  readonly rules: LiveRules;
  readonly restraints: LiveRestraints;
  /** The open session's own asker; null: it is not open here. */
  readonly asker: (session: string) => { readonly subject: Subject; readonly connection: string } | null;
  readonly directory: Directory;
  /** Something was written that rules wait for: it is to be in the store soon. */
  readonly hurry: () => void;
  readonly now: () => number;
  readonly slowMs: number;
  readonly log: { warn(fields: object, text: string): void };
}

/** What acts within a session on the gateway that has it, from the statement's own entry and before the store has heard of it. */
export interface Reflexes {
  /** Bits of what any rule is about; 0: no rule is about anything that recorders are told. */
  readonly interest: () => number;
  /** An entry of interest is in the journal. */
  saw(entry: ReflexEntry): void;
  /** A session that a rule led to. */
  led(session: string, cause: readonly Cause[]): void;
  over(session: string): void;
  close(): void;
}

/** Windows that are counted here at once; the store's own count goes on without limit. */
const maxWindows = 10_000;

export function createReflexes(ports: ReflexPorts): Reflexes {
  const { rules, restraints } = ports;
  const causes = new Map<string, readonly Cause[]>();
  let windows = new Map<string, Window>();
  let interest = 0;
  const own = new Set<string>();

  function use(set: RuleSet): void {
    interest = [...set.byType.keys()].reduce((bits, type) => bits | (interestOf[type] ?? 0), 0);
    const names = new Set([...set.reflexes.values()].flat().map(({ name }) => name));
    if (names.size === 0) return;
    // What others have counted before this gateway began; what is counted here meanwhile stays.
    ports.store.windows([...names]).then(
      (known) => {
        for (const { rule, key, window } of known) {
          const place = `${rule} ${key}`;
          if (!windows.has(place)) windows.set(place, window);
        }
      },
      (error: unknown) => ports.log.warn({ err: error }, "what rules have counted could not be read"),
    );
  }

  const stops = [
    rules.watch(use),
    // The store counted further than this gateway, over others: what is counted here begins anew.
    restraints.watch((restraint, change) => {
      if (change !== "imposed" || own.delete(restraint.id)) return;
      for (const place of windows.keys()) if (place.startsWith(`${restraint.rule} `)) windows.delete(place);
    }),
  ];
  use(rules.current());

  function act(event: EventDraft, directory: Directory): void {
    for (const rule of rules.current().reflexes.get(event.type) ?? []) {
      if (guarded(rule.name, event) !== null || !rule.matches(event, directory)) continue;
      const place = `${rule.name} ${rule.key(event)}`;
      const { window, fired } = stepWindow(rule, windows.get(place) ?? emptyWindow, event);
      if (windows.size >= maxWindows) windows = new Map();
      windows.set(place, window);
      if (fired === null) continue;
      const imposed = restraintsOf(rule, firingOf(rule, event, fired));
      for (const { id } of imposed) own.add(id);
      restraints.impose(imposed);
      for (const { id } of imposed) own.delete(id);
    }
  }

  return {
    interest: () => interest,
    saw(entry) {
      ports.hurry();
      if (rules.current().reflexes.size === 0 || typeof entry.session !== "string") return;
      const asker = ports.asker(entry.session);
      if (asker === null) return;
      const { subject, connection } = asker;
      const cause = causes.get(entry.session) ?? [];
      const facts: SessionFacts = {
        subject: subject.id,
        name: subject.name,
        groups: subject.groups,
        connection,
        cause,
      };
      const directory: Directory = {
        subject: (id) => (id === subject.id ? subject : null),
        connection: (name) => ports.directory.connection(name),
      };
      const around = {
        session: () => facts,
        analysis: (given: unknown) => spoken(given),
        endedBy: () => [],
        slowMs: ports.slowMs,
      };
      try {
        for (const event of eventsOf(viewOf(entry, ports.now()), around)) act(event, directory);
      } catch (error) {
        // The store judges it again, behind the journal.
        ports.log.warn({ err: error }, "a rule could not act at once");
      }
    },
    led(session, cause) {
      causes.set(session, cause);
    },
    over(session) {
      causes.delete(session);
    },
    close() {
      for (const stop of stops) stop();
    },
  };
}

function viewOf(entry: ReflexEntry, time: number): EntryView {
  return {
    kind: entry.kind,
    session: entry.session ?? null,
    time,
    place: null,
    body: entry as unknown as Readonly<Record<string, unknown>>,
  };
}

/** What an entry says of an analysis in clear; see the recording's own. */
function spoken(given: unknown): AnalysisView | null {
  const analysis = given as (AnalysisView & { readonly sealed?: readonly string[] }) | null;
  if (analysis === null || analysis.sealed === undefined || analysis.sealed.length === 0) return analysis;
  const { sealed, attributes, resources } = analysis;
  return {
    ...analysis,
    attributes: Object.fromEntries(Object.entries(attributes).filter(([name]) => !sealed.includes(name))),
    resources: sealed.includes("path") ? resources.filter(({ kind }) => kind !== "path") : resources,
  };
}
