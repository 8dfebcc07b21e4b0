import type { PlanConditions } from "../masking/plan.js";
import { withScan } from "../masking/plan-scan.js";
import { connectAnalysis } from "../policy/connect.js";
import type { Decision, PlanEstimate, PolicySet } from "../policy/policy.js";
import type { Answer, Ask, ExpectedEffect, Gate, Note, Order, Waiting } from "../protocol/index.js";
import type { Actor } from "../recording/recorder.js";
import type { SqlAnalysis } from "../sql/analyser.js";
import {
  type Analysis,
  answerableFor,
  type Catalogue,
  type Connection,
  HoopError,
  type MaskPlan,
  type Reason,
  type StatementId,
  type Subject,
  statementId,
} from "../vocabulary/index.js";
import { preparedDecision } from "./approved.js";
import type { Asker } from "./asker.js";
import type { Charging } from "./charging.js";
import type { GatePorts } from "./context.js";
import { createEstimates, nothing } from "./estimates.js";
import { declares, fetchAnalysis } from "./fetch-analysis.js";
import type { Standing as Approved, Considered } from "./held-ask.js";
import type { Refused } from "./held-words.js";
import { createHolding } from "./holding.js";
import { unmetCondition } from "./mask-conditions.js";
import { fieldPlan, noCatalogue, plainAnalysis } from "./plain-analysis.js";
import { SessionTrail } from "./session-trail.js";
import { createSpending } from "./spending.js";

export type { Asker } from "./asker.js";

/** The gate of one session, and what the relay asks it. */
export interface SessionGate extends Gate {
  note(note: Extract<Note, { kind: "finished" }>): void;
  readonly statements: number;
  /** The session is over: whatever still waits for people does so no longer. */
  close?(): void;
}

/** What was decided for an analysis, as long as nothing it rests on has changed. */
interface Standing {
  readonly policy: PolicySet;
  readonly subject: Subject;
  readonly connection: Connection;
  readonly catalogue: Catalogue;
  readonly decision: Decision;
  /** The decision rests on nothing that may change from one statement to the next. */
  readonly settled: boolean;
  readonly planned: Planned;
}

type Planned = {
  readonly masks: MaskPlan | null;
  readonly reasons: readonly Reason[] | null;
  readonly conditions?: PlanConditions | undefined;
};

/** What is kept of an ask until it is finished. */
interface Open {
  readonly statement: StatementId;
  readonly since: number;
  readonly analysis: SqlAnalysis;
  readonly unsettled: boolean;
  readonly database: string;
  readonly approved: Approved | null;
  readonly charging: Charging | null;
}

interface Forwarded {
  readonly analysis: SqlAnalysis;
  readonly catalogue: Catalogue;
  readonly decision: Decision;
  readonly masks: MaskPlan | null;
}

/** Texts whose shown form is kept, and how long they may be: a session asks the same few again and again. */
const maxShown = 32;
const maxShownText = 1_024;

/** Asks remembered for `lookup` and `finished`; the oldest go first, a session has few open at a time. */
const maxOpen = 4096;

function denial(code: string, text: string): Reason {
  return { rule: null, code, text };
}

/**
 * Analyse, decide, record, answer, in this order: nothing is allowed before its entry is in the journal. Every way out
 * is an answer; what fails denies.
 */
export function createGate(
  ports: GatePorts,
  asker: Asker,
  language: string,
  order: (order: Order) => void = () => {},
): SessionGate {
  const analyser = ports.analysers[language];
  const standing = new WeakMap<SqlAnalysis, Standing>();
  const open = new Map<number, Open>();
  let count = 0;
  /** This session changed the catalogue: what others read of it is old until its transaction has ended. */
  let catalogueDirty = false;
  /** It changed what names mean, in a transaction that is still open: nobody else sees that yet, the catalogue's reader neither. */
  let unsettled = false;

  let needed: (Pick<Standing, "policy" | "subject" | "connection"> & { needs: ReadonlySet<string> }) | null = null;

  const trail = new SessionTrail();
  const estimates = createEstimates(ports, asker, trail);
  const spending = createSpending(ports, asker, order);

  let actor = { subject: asker.subject, is: actorOf(asker.subject) };
  const shown = new Map<string, string | null>();

  /** The same object for the same subject, so that its text is made once. */
  function actorNow(): Actor {
    if (actor.subject !== asker.subject) actor = { subject: asker.subject, is: actorOf(asker.subject) };
    return actor.is;
  }

  const freshness = (): number | null =>
    ports.people?.freshness.age(answerableFor(asker.subject).id, asker.connection.name) ?? null;

  function show(text: string): string | null {
    const known = shown.get(text);
    if (known !== undefined) return known;
    const made = ports.show(text);
    if (text.length > maxShownText) return made;
    if (shown.size >= maxShown) shown.clear();
    shown.set(text, made);
    return made;
  }

  /** What a protocol reads itself is no SQL; its shape holds no values. */
  function shownOf(ask: Ask): string | null {
    return ask.analysis ? ask.analysis.shape : show(ask.text);
  }

  function decide(analysis: SqlAnalysis, catalogue: Catalogue, estimate?: PlanEstimate | null): Standing {
    const policy = ports.policy.current();
    const { subject, connection } = asker;
    const before = unsettled ? undefined : standing.get(analysis);
    const known =
      before &&
      before.policy === policy &&
      before.subject === subject &&
      before.connection === connection &&
      before.catalogue === catalogue
        ? before
        : null;
    if (known?.settled) return known;
    const now = ports.now();
    const decision = policy.decide({ subject, connection, analysis, now, freshness, estimate, ...spending.known });
    // What is masked does not depend on what is left of a budget.
    if (known !== null && decision.verdict.outcome !== "deny") return { ...known, decision };
    const { masks, scans, dependsOn } = policy.masksFor(subject, connection, now, asker.purpose);
    const input = unsettled ? { ...analysis, unsettled } : analysis;
    const plan =
      decision.verdict.outcome === "deny"
        ? null
        : catalogue === noCatalogue
          ? { outcome: "plan" as const, masks: fieldPlan(masks) }
          : ports.planMasks(input, catalogue, masks);
    const planned: Planned =
      plan === null || plan.outcome === "plan"
        ? {
            masks: plan === null ? null : withScan(plan.masks, scans, analysis.copy),
            reasons: null,
            conditions: plan?.conditions,
          }
        : { masks: null, reasons: plan.reasons };
    const settled = onlyShape(decision.dependsOn);
    const made: Standing = { policy, subject, connection, catalogue, decision, settled, planned };
    const keeps = settled || decision.verdict.outcome !== "deny";
    if (!unsettled && keeps && onlyShape(dependsOn)) standing.set(analysis, made);
    return made;
  }

  function record(
    statement: StatementId,
    ask: Ask,
    verdict: Pick<Decision["verdict"], "outcome" | "reasons" | "policyVersion"> & Pick<Decision, "shadows">,
    analysis: Analysis | null,
    done: (error: HoopError | null) => void,
  ): void {
    ports.recorder.append(
      {
        kind: "statement",
        session: asker.session,
        statement,
        actor: actorNow(),
        connection: asker.connection.name,
        phase: ask.phase,
        purpose: "forward",
        outcome: verdict.outcome,
        reasons: verdict.reasons,
        policyVersion: verdict.policyVersion,
        shadows: verdict.shadows,
        text: ask.text,
        values: ask.values,
        shown: shownOf(ask),
        analysis,
        ...(ask.trace === undefined ? {} : { trace: ask.trace }),
      },
      done,
    );
  }

  function refuse(
    statement: StatementId,
    ask: Ask,
    reasons: readonly Reason[],
    analysis: Analysis | null,
    answer: (answer: Answer) => void,
    hint?: string,
    shadows?: Decision["shadows"],
  ): void {
    const verdict = { outcome: "deny" as const, reasons, policyVersion: ports.policy.current().version, shadows };
    // A denial is answered even when it cannot be recorded: nothing moves either way, and the recorder says so itself.
    record(statement, ask, verdict, analysis, () => answer({ outcome: "deny", reasons, analysis, hint }));
  }

  function settle(
    id: number,
    statement: StatementId,
    ask: Ask,
    analysis: SqlAnalysis,
    catalogue: Catalogue,
    answer: (answer: Answer) => void,
    waits: (waiting: Waiting) => void,
  ): void {
    // What is only prepared is asked about when it is executed, with its values.
    const estimate = runsNothing(ask, analysis) ? nothing : estimates.of(ask);
    const { decision, planned } = decide(analysis, catalogue, estimate);
    const { verdict } = decision;
    if (estimates.missing(ask, decision))
      return estimates.get({ id, statement, ask, analysis, catalogue, unsettled }, () =>
        settle(id, statement, ask, analysis, catalogue, answer, waits),
      );
    if (verdict.outcome === "deny")
      return refuse(
        statement,
        ask,
        verdict.reasons,
        analysis,
        answer,
        spending.hint(verdict.reasons),
        decision.shadows,
      );
    // Whether it stands in a transaction decides whether it may wait, and what an approval stands for.
    if (verdict.outcome !== "allow" && ask.context.unsettled && !runsNothing(ask, analysis))
      return answer({ outcome: "deny", reasons: verdict.reasons, analysis, again: true });
    if (planned.reasons) return refuse(statement, ask, planned.reasons, analysis, answer);
    const unmet = unmetCondition(planned.conditions, ask, spending.predicate);
    if (unmet) return refuse(statement, ask, [unmet], analysis, answer);
    if (verdict.outcome === "allow")
      return forward(id, statement, ask, { analysis, catalogue, decision, masks: planned.masks }, null, answer);
    if (runsNothing(ask, analysis)) {
      const prepared = preparedDecision(decision);
      return forward(
        id,
        statement,
        ask,
        { analysis, catalogue, decision: prepared, masks: planned.masks },
        null,
        answer,
      );
    }
    holding.hold({ id, statement, ask, answer, waits }, verdict.reasons, analysis);
  }

  /** Counts it, writes down that it is allowed, then lets it go. */
  function forward(
    id: number,
    statement: StatementId,
    ask: Ask,
    { analysis, catalogue, decision, masks }: Forwarded,
    approved: Approved | null,
    answer: (answer: Answer) => void,
    expects?: ExpectedEffect,
  ): void {
    const begun = runsNothing(ask, analysis) ? { charging: null } : spending.begin(ask, decision, analysis, catalogue);
    if ("refused" in begun) return refuse(statement, ask, begun.refused, analysis, answer, begun.hint);
    const { charging } = begun;
    record(statement, ask, verdictOf(decision), analysis, (error) => {
      if (error)
        return answer({
          outcome: "deny",
          reasons: [denial("not-recorded", `the statement could not be recorded: ${error.message}`)],
          analysis,
        });
      catalogueDirty ||= analysis.changesCatalogue;
      declares(analysis, catalogue);
      trail.ran(ask, analysis);
      const since = ports.now();
      remember(id, { statement, since, analysis, unsettled, database: ask.context.database, approved, charging });
      unsettled ||= analysis.changesMeanings === true || analysis.unknowns.length > 0;
      answer({
        outcome: "allow",
        permit: ports.mintPermit(decision, statement, "forward"),
        analysis,
        masks,
        ...(charging?.meters ? { meter: charging } : null),
        ...(expects === undefined ? null : { expects }),
      });
    });
  }

  function decided(ask: Ask, analysis: SqlAnalysis, catalogue: Catalogue): Considered {
    if (ask.phase === "connect") {
      const { subject, connection } = asker;
      const recorded = connectAnalysis(connection);
      const decision = ports.policy
        .current()
        .decide({ subject, connection, analysis: recorded, now: ports.now(), freshness, ...spending.known });
      return { analysis, recorded, catalogue, decision, masks: null, unmaskable: null };
    }
    const { decision, planned } = decide(analysis, catalogue, estimates.of(ask));
    // Budgets were charged when it was asked first.
    const conditions = planned.conditions && { ...planned.conditions, budgets: [] };
    const unmet = unmetCondition(conditions, ask, undefined);
    const unmaskable = planned.reasons ?? (unmet && [unmet]);
    return { analysis, recorded: analysis, catalogue, decision, masks: planned.masks, unmaskable };
  }

  /** Reads and decides anew, with all as it is now. */
  function consider(statement: StatementId, ask: Ask, done: (result: Considered | Refused) => void): void {
    if (ports.staleness() > ports.maxStaleMs) return done({ reasons: [storeUnreachable] });
    const own =
      ask.phase === "connect" ? connectAnalysis(asker.connection) : language === "" ? ask.analysis : undefined;
    if (own) return done(decided(ask, plainAnalysis(own), noCatalogue));
    const { database } = ask.context;
    ports.catalogues.invalidate(asker.connection, database);
    ports.catalogues.read(asker.connection, database, asker.subject.name, (catalogue) => {
      if (catalogue instanceof HoopError) return done({ reasons: [noCatalogueFor(catalogue)] });
      analyser!.analyse(ask.text, ask.context, catalogue, (found) => {
        const analysis = fetchAnalysis(found, ask, catalogue);
        const made = decided(ask, analysis, catalogue);
        if (!estimates.missing(ask, made.decision)) return done(made);
        estimates.get({ id: null, statement, ask, analysis, catalogue, unsettled }, () =>
          done(decided(ask, analysis, catalogue)),
        );
      });
    });
  }

  function remember(id: number, entry: Open): void {
    open.set(id, entry);
    if (open.size > maxOpen) open.delete(open.keys().next().value!);
  }

  const holding = createHolding({
    gate: ports,
    asker,
    trail,
    show: shownOf,
    approvalOf: (ask) => open.get(ask)?.approved ?? null,
    consider: ({ statement, ask }, done) => consider(statement, ask, done),
    decide: (ask, { analysis, catalogue }) => decided(ask, analysis, catalogue),
    record: ({ statement, ask }, decision, analysis, done) =>
      record(statement, ask, verdictOf(decision), analysis, done),
    refuse: ({ statement, ask, answer }, { reasons, hint }, analysis) =>
      refuse(statement, ask, reasons, analysis, answer, hint),
    forward: ({ id, statement, ask, answer }, considered, decision, approved, expects) =>
      forward(id, statement, ask, { ...considered, decision }, approved, answer, expects),
  });

  return {
    get statements() {
      return count;
    },

    judge(id, ask, answer, waits = () => {}) {
      trail.enter(ask);
      const statement = statementId(asker.session, ++count);
      if (ask.phase === "connect")
        return holding.hold({ id, statement, ask, answer, waits }, [], connectAnalysis(asker.connection));
      const plain = language === "" ? ask.analysis : undefined;
      if (!analyser && !plain)
        return refuse(statement, ask, [denial("no-analyser", `nothing here can read ${language}`)], null, answer);
      if (asker.admitted === null) return refuse(statement, ask, [notAdmitted], null, answer);
      if (ports.staleness() > ports.maxStaleMs) {
        return refuse(statement, ask, [storeUnreachable], null, answer);
      }
      if (plain) return settle(id, statement, ask, plainAnalysis(plain), noCatalogue, answer, waits);
      if (catalogueDirty) {
        ports.catalogues.invalidate(asker.connection, ask.context.database);
        catalogueDirty = ask.context.transaction !== "idle";
      }
      unsettled &&= ask.context.transaction !== "idle";
      ports.catalogues.read(asker.connection, ask.context.database, asker.subject.name, (catalogue) => {
        if (catalogue instanceof HoopError) return refuse(statement, ask, [noCatalogueFor(catalogue)], null, answer);
        analyser!.analyse(ask.text, ask.context, catalogue, (found) =>
          settle(id, statement, ask, fetchAnalysis(found, ask, catalogue), catalogue, answer, waits),
        );
      });
    },

    needs() {
      const policy = ports.policy.current();
      const { subject, connection } = asker;
      if (needed?.policy !== policy || needed.subject !== subject || needed.connection !== connection) {
        const needs = new Set(policy.demands(subject, connection).flatMap((demand) => demand.needs));
        needed = { policy, subject, connection, needs };
      }
      return needed.needs;
    },

    withdraw(id, why) {
      estimates.forget(id);
      holding.withdraw(id, why);
    },
    close() {
      estimates.close();
      holding.close();
    },

    lookup(ask, relations, answer) {
      const asked = open.get(ask);
      if (!asked) return answer(new HoopError("internal", "a result arrived for a statement that nobody remembers"));
      // A relation that the plan does not know is either new since the catalogue was read, or of a kind that is masked whole.
      ports.catalogues.invalidate(asker.connection, asked.database);
      ports.catalogues.read(asker.connection, asked.database, asker.subject.name, (catalogue) => {
        if (catalogue instanceof HoopError) return answer(catalogue);
        const reach = [...new Set([...asked.analysis.reach, ...relations.map(Number).filter(Number.isSafeInteger)])];
        const { masks, scans } = ports.policy
          .current()
          .masksFor(asker.subject, asker.connection, ports.now(), asker.purpose);
        // The analysis was made without that relation: what stands where is not known.
        const planned = ports.planMasks(
          { ...asked.analysis, reach, results: undefined, unsettled: asked.unsettled },
          catalogue,
          masks,
        );
        answer(
          planned.outcome === "plan"
            ? withScan(planned.masks, scans, asked.analysis.copy)
            : new HoopError("denied", planned.reasons.map((reason) => reason.text).join("; ")),
        );
      });
    },

    note(note) {
      const asked = open.get(note.ask);
      if (!asked) return;
      if (note.outcome !== "suspended") open.delete(note.ask);
      // Others are judged by what has changed from here on, and once more when the transaction has ended.
      if (catalogueDirty || asked.analysis.changesCatalogue)
        ports.catalogues.invalidate(asker.connection, asked.database);
      ports.recorder.append({
        kind: "statement-finished",
        session: asker.session,
        statement: asked.statement,
        outcome: note.outcome,
        rows: note.rows,
        bytes: note.bytes,
        maskedCells: note.maskedCells,
        durationMs: ports.now() - asked.since,
        tag: note.tag,
        error: note.error,
        detected: note.detected,
        budgets: asked.charging?.over(note.rows, note.bytes),
      });
    },
  };
}

export function actorOf(subject: Subject): Actor {
  const { id, name, onBehalfOf } = subject;
  return onBehalfOf === undefined
    ? { subject: id, name }
    : { subject: id, name, onBehalfOf: { subject: onBehalfOf.id, name: onBehalfOf.name } };
}

const storeUnreachable = denial(
  "store-unreachable",
  "the gateway has lost its store for too long to know whether you still may do this; try again shortly",
);

const notAdmitted = denial("not-admitted", "access to this connection waits for approval");

function noCatalogueFor(error: HoopError): Reason {
  return denial("catalogue-unavailable", `the target's catalogue could not be read: ${error.message}`);
}

/** What is prepared runs at its execution, which is judged by itself, with its values. */
function runsNothing({ phase, text }: Ask, { statements, attributes }: SqlAnalysis): boolean {
  if (phase === "prepare") return true;
  const { utility } = attributes;
  const prepares = Array.isArray(utility) && utility.includes("prepare") && statements === 1;
  return prepares && /^\s*prepare\s+(?!transaction\b)/i.test(text);
}

/** As it is recorded; rules that only watch are rare. */
function verdictOf({ verdict, shadows }: Decision): Decision["verdict"] & Pick<Decision, "shadows"> {
  return shadows === undefined ? verdict : { ...verdict, shadows };
}

function onlyShape(dependsOn: ReadonlySet<string>): boolean {
  return dependsOn.size === 0 || (dependsOn.size === 1 && dependsOn.has("shape"));
}
