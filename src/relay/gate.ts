import { connectAnalysis } from "../policy/connect.js";
import type { Decision } from "../policy/policy.js";
import type { Answer, Ask, ExpectedEffect, Gate, Note, Order, Waiting } from "../protocol/index.js";
import type { SqlAnalysis } from "../sql/analyser.js";
import { type Catalogue, HoopError, type MaskPlan, type StatementId, statementId } from "../vocabulary/index.js";
import { preparedDecision } from "./approved.js";
import type { Asker } from "./asker.js";
import { CatalogueChanges } from "./catalogue-changes.js";
import type { Standing as Approved } from "./considered.js";
import { consider, decideAgain, type JudgedBy } from "./considering.js";
import type { GatePorts } from "./context.js";
import { type Decided, Deciding } from "./deciding.js";
import { createEstimates, nothing } from "./estimates.js";
import { declares, fetchAnalysis } from "./fetch-analysis.js";
import { denial, noCatalogueFor, notAdmitted, storeUnreachable } from "./gate-reasons.js";
import { createHolding } from "./holding.js";
import { lookUp } from "./look-up.js";
import { unmetCondition } from "./mask-conditions.js";
import { OpenAsks } from "./open-asks.js";
import { noCatalogue, plainAnalysis } from "./plain-analysis.js";
import { runsNothing } from "./runs-nothing.js";
import { SessionTrail } from "./session-trail.js";
import { createSpending } from "./spending.js";
import { StatementEntries } from "./statement-entries.js";

export type { Asker } from "./asker.js";

/** The gate of one session, and what the relay asks it. */
export interface SessionGate extends Gate {
  note(note: Extract<Note, { kind: "finished" }>): void;
  readonly statements: number;
  /** The session is over: whatever still waits for people does so no longer. */
  close?(): void;
}

interface Forwarded {
  readonly analysis: SqlAnalysis;
  readonly catalogue: Catalogue;
  readonly decision: Decision;
  readonly masks: MaskPlan | null;
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
  const open = new OpenAsks();
  let count = 0;
  let needed: (Pick<Decided, "policy" | "subject" | "connection"> & { needs: ReadonlySet<string> }) | null = null;

  const trail = new SessionTrail();
  const estimates = createEstimates(ports, asker, trail);
  const spending = createSpending(ports, asker, order);
  const deciding = new Deciding(ports, asker, spending.known);
  const entries = new StatementEntries(ports, asker);
  const changes = new CatalogueChanges(ports.catalogues);
  const judgedBy: JudgedBy = { asker, language, deciding, estimates, changes };

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
    const { decision, planned } = deciding.decide(analysis, catalogue, changes.unsettled, estimate);
    const { verdict } = decision;
    if (estimates.missing(ask, decision))
      return estimates.get({ id, statement, ask, analysis, catalogue, unsettled: changes.unsettled }, () =>
        settle(id, statement, ask, analysis, catalogue, answer, waits),
      );
    if (verdict.outcome === "deny")
      return entries.refuse(
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
    if (planned.reasons) return entries.refuse(statement, ask, planned.reasons, analysis, answer);
    const unmet = unmetCondition(planned.conditions, ask, spending.predicate);
    if (unmet) return entries.refuse(statement, ask, [unmet], analysis, answer);
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
    if ("refused" in begun) return entries.refuse(statement, ask, begun.refused, analysis, answer, begun.hint);
    const { charging } = begun;
    entries.record(statement, ask, verdictOf(decision), analysis, (error) => {
      if (error)
        return answer({
          outcome: "deny",
          reasons: [denial("not-recorded", `the statement could not be recorded: ${error.message}`)],
          analysis,
        });
      changes.changes(asker.connection, analysis);
      declares(analysis, catalogue);
      trail.ran(ask, analysis);
      const since = ports.now();
      const { unsettled } = changes;
      open.remember(id, { statement, since, analysis, unsettled, database: ask.context.database, approved, charging });
      changes.changesMeanings(analysis);
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

  const holding = createHolding({
    gate: ports,
    asker,
    trail,
    show: (ask) => entries.shown(ask),
    approvalOf: (ask) => open.get(ask)?.approved ?? null,
    consider: ({ statement, ask }, done) => consider(ports, judgedBy, statement, ask, done),
    decide: (ask, { analysis, catalogue }) => decideAgain(ports, judgedBy, ask, analysis, catalogue),
    record: ({ statement, ask }, decision, analysis, done) =>
      entries.record(statement, ask, verdictOf(decision), analysis, done),
    refuse: ({ statement, ask, answer }, { reasons, hint }, analysis) =>
      entries.refuse(statement, ask, reasons, analysis, answer, hint),
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
        return entries.refuse(
          statement,
          ask,
          [denial("no-analyser", `nothing here can read ${language}`)],
          null,
          answer,
        );
      if (asker.admitted === null) return entries.refuse(statement, ask, [notAdmitted], null, answer);
      if (ports.staleness() > ports.maxStaleMs) {
        return entries.refuse(statement, ask, [storeUnreachable], null, answer);
      }
      if (plain) return settle(id, statement, ask, plainAnalysis(plain), noCatalogue, answer, waits);
      changes.enter(asker.connection, ask.context);
      ports.catalogues.read(asker.connection, ask.context.database, asker.subject.name, (catalogue) => {
        if (catalogue instanceof HoopError)
          return entries.refuse(statement, ask, [noCatalogueFor(catalogue)], null, answer);
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
      lookUp(ports, asker, asked, relations, answer);
    },

    note(note) {
      const asked = open.get(note.ask);
      if (!asked) return;
      if (note.outcome !== "suspended") open.forget(note.ask);
      changes.ran(asker.connection, asked.database, asked.analysis);
      entries.finished(asked, note);
    },
  };
}

/** As it is recorded; rules that only watch are rare. */
function verdictOf({ verdict, shadows }: Decision): Decision["verdict"] & Pick<Decision, "shadows"> {
  return shadows === undefined ? verdict : { ...verdict, shadows };
}
