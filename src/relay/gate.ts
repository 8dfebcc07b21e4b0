import type { Decision, PolicySet } from "../policy/policy.js";
import type { Answer, Ask, Gate, Note } from "../protocol/index.js";
import type { Actor } from "../recording/recorder.js";
import type { SqlAnalysis } from "../sql/analyser.js";
import {
  type Catalogue,
  type Connection,
  HoopError,
  type MaskPlan,
  type Reason,
  type SessionId,
  type StatementId,
  type Subject,
  statementId,
} from "../vocabulary/index.js";
import type { GatePorts } from "./context.js";
import { fieldPlan, noCatalogue, plainAnalysis } from "./plain-analysis.js";

/** The asker as the relay knows it now: rights change while a session is open. */
export interface Asker {
  readonly session: SessionId;
  /** The signing in whose token opened the session. */
  readonly login: string;
  subject: Subject;
  connection: Connection;
}

/** The gate of one session, and what the relay asks it. */
export interface SessionGate extends Gate {
  note(note: Extract<Note, { kind: "finished" }>): void;
  readonly statements: number;
}

/** What was decided for an analysis, as long as nothing it rests on has changed. */
interface Standing {
  readonly policy: PolicySet;
  readonly subject: Subject;
  readonly connection: Connection;
  readonly catalogue: Catalogue;
  readonly decision: Decision;
  readonly planned: Planned;
}

type Planned = { readonly masks: MaskPlan | null; readonly reasons: readonly Reason[] | null };

/** What is kept of an ask until it is finished. */
interface Open {
  readonly statement: StatementId;
  readonly since: number;
  readonly analysis: SqlAnalysis;
  readonly unsettled: boolean;
  readonly database: string;
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
export function createGate(ports: GatePorts, asker: Asker, language: string): SessionGate {
  const analyser = ports.analysers[language];
  const standing = new WeakMap<SqlAnalysis, Standing>();
  const open = new Map<number, Open>();
  let count = 0;
  /** This session changed the catalogue: what others read of it is old until its transaction has ended. */
  let catalogueDirty = false;
  /** It changed what names mean, in a transaction that is still open: nobody else sees that yet, the catalogue's reader neither. */
  let unsettled = false;

  let actor = { subject: asker.subject, is: actorOf(asker.subject) };
  const shown = new Map<string, string | null>();

  /** The same object for the same subject, so that its text is made once. */
  function actorNow(): Actor {
    if (actor.subject !== asker.subject) actor = { subject: asker.subject, is: actorOf(asker.subject) };
    return actor.is;
  }

  function show(text: string): string | null {
    const known = shown.get(text);
    if (known !== undefined) return known;
    const made = ports.show(text);
    if (text.length > maxShownText) return made;
    if (shown.size >= maxShown) shown.clear();
    shown.set(text, made);
    return made;
  }

  function decide(analysis: SqlAnalysis, catalogue: Catalogue): Standing {
    const policy = ports.policy.current();
    const { subject, connection } = asker;
    const before = standing.get(analysis);
    if (
      !unsettled &&
      before &&
      before.policy === policy &&
      before.subject === subject &&
      before.connection === connection &&
      before.catalogue === catalogue
    )
      return before;
    const now = ports.now();
    const decision = policy.decide({ subject, connection, analysis, now });
    const { masks, dependsOn } = policy.masksFor(subject, connection, now);
    const input = unsettled ? { ...analysis, unsettled } : analysis;
    const plan =
      decision.verdict.outcome !== "allow"
        ? null
        : catalogue === noCatalogue
          ? { outcome: "plan" as const, masks: fieldPlan(masks) }
          : ports.planMasks(input, catalogue, masks);
    const planned: Planned =
      plan === null || plan.outcome === "plan"
        ? { masks: plan?.masks ?? null, reasons: null }
        : { masks: null, reasons: plan.reasons };
    const made: Standing = { policy, subject, connection, catalogue, decision, planned };
    if (!unsettled && onlyShape(decision.dependsOn) && onlyShape(dependsOn)) standing.set(analysis, made);
    return made;
  }

  function record(
    statement: StatementId,
    ask: Ask,
    verdict: { outcome: Decision["verdict"]["outcome"]; reasons: readonly Reason[]; policyVersion: string },
    analysis: SqlAnalysis | null,
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
        text: ask.text,
        values: ask.values,
        shown: show(ask.text),
        analysis,
      },
      done,
    );
  }

  function refuse(
    statement: StatementId,
    ask: Ask,
    reasons: readonly Reason[],
    analysis: SqlAnalysis | null,
    answer: (answer: Answer) => void,
  ): void {
    const verdict = { outcome: "deny" as const, reasons, policyVersion: ports.policy.current().version };
    // A denial is answered even when it cannot be recorded: nothing moves either way, and the recorder says so itself.
    record(statement, ask, verdict, analysis, () => answer({ outcome: "deny", reasons, analysis }));
  }

  function settle(
    id: number,
    statement: StatementId,
    ask: Ask,
    analysis: SqlAnalysis,
    catalogue: Catalogue,
    answer: (answer: Answer) => void,
  ): void {
    const { decision, planned } = decide(analysis, catalogue);
    const { verdict } = decision;
    if (verdict.outcome === "deny") return refuse(statement, ask, verdict.reasons, analysis, answer);
    if (verdict.outcome !== "allow") {
      return refuse(
        statement,
        ask,
        [
          ...verdict.reasons,
          denial("not-available", `a rule asks for "${verdict.outcome}", which this gateway cannot do`),
        ],
        analysis,
        answer,
      );
    }
    if (planned.reasons) return refuse(statement, ask, planned.reasons, analysis, answer);
    record(statement, ask, verdict, analysis, (error) => {
      if (error)
        return answer({
          outcome: "deny",
          reasons: [denial("not-recorded", `the statement could not be recorded: ${error.message}`)],
          analysis,
        });
      catalogueDirty ||= analysis.changesCatalogue;
      remember(id, { statement, since: ports.now(), analysis, unsettled, database: ask.context.database });
      unsettled ||= analysis.changesMeanings === true || analysis.unknowns.length > 0;
      answer({
        outcome: "allow",
        permit: ports.mintPermit(decision, statement, "forward"),
        analysis,
        masks: planned.masks,
      });
    });
  }

  function remember(id: number, entry: Open): void {
    open.set(id, entry);
    if (open.size > maxOpen) open.delete(open.keys().next().value!);
  }

  return {
    get statements() {
      return count;
    },

    judge(id, ask, answer) {
      const statement = statementId(asker.session, ++count);
      const plain = language === "" ? ask.analysis : undefined;
      if (!analyser && !plain)
        return refuse(statement, ask, [denial("no-analyser", `nothing here can read ${language}`)], null, answer);
      if (ports.staleness() > ports.maxStaleMs) {
        return refuse(
          statement,
          ask,
          [
            denial(
              "store-unreachable",
              "the gateway has lost its store for too long to know whether you still may do this; try again shortly",
            ),
          ],
          null,
          answer,
        );
      }
      if (plain) return settle(id, statement, ask, plainAnalysis(plain), noCatalogue, answer);
      if (catalogueDirty) {
        ports.catalogues.invalidate(asker.connection, ask.context.database);
        catalogueDirty = ask.context.transaction !== "idle";
      }
      unsettled &&= ask.context.transaction !== "idle";
      ports.catalogues.read(asker.connection, ask.context.database, asker.subject.name, (catalogue) => {
        if (catalogue instanceof HoopError) {
          return refuse(
            statement,
            ask,
            [denial("catalogue-unavailable", `the target's catalogue could not be read: ${catalogue.message}`)],
            null,
            answer,
          );
        }
        analyser!.analyse(ask.text, ask.context, catalogue, (analysis) =>
          settle(id, statement, ask, analysis, catalogue, answer),
        );
      });
    },

    lookup(ask, relations, answer) {
      const asked = open.get(ask);
      if (!asked) return answer(new HoopError("internal", "a result arrived for a statement that nobody remembers"));
      // A relation that the plan does not know is either new since the catalogue was read, or of a kind that is masked whole.
      ports.catalogues.invalidate(asker.connection, asked.database);
      ports.catalogues.read(asker.connection, asked.database, asker.subject.name, (catalogue) => {
        if (catalogue instanceof HoopError) return answer(catalogue);
        const reach = [...new Set([...asked.analysis.reach, ...relations.map(Number).filter(Number.isSafeInteger)])];
        const { masks } = ports.policy.current().masksFor(asker.subject, asker.connection, ports.now());
        const planned = ports.planMasks({ ...asked.analysis, reach, unsettled: asked.unsettled }, catalogue, masks);
        answer(
          planned.outcome === "plan"
            ? planned.masks
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
      });
    },
  };
}

export function actorOf(subject: Subject): Actor {
  return { subject: subject.id, name: subject.name };
}

function onlyShape(dependsOn: ReadonlySet<string>): boolean {
  return dependsOn.size === 0 || (dependsOn.size === 1 && dependsOn.has("shape"));
}
