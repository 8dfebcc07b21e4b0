import { ownDecision } from "../policy/own-decision.js";
import type { MintPermit, PlanEstimate, PolicySource } from "../policy/policy.js";
import type { Ask, LookedInto, Operator, OwnEstimate, OwnRehearsed } from "../protocol/index.js";
import type { Rehearsal } from "../reviews/desk.js";
import type { SqlAnalysis } from "../sql/analyser.js";
import {
  type Catalogue,
  hoopErrorFrom,
  type PermitPurpose,
  type PlainWrite,
  type StatementId,
  type WriteFacts,
  type WriteProof,
} from "../vocabulary/index.js";
import type { Asker } from "./asker.js";
import type { CataloguePorts } from "./catalogues.js";
import { createOwnLanes } from "./own-lanes.js";

/** What may be tried or planned at all: pure readings of a text, see `sql/rehearsal`. */
export interface WriteReadings {
  plainWrite(text: string, analysis: SqlAnalysis, catalogue: Catalogue): PlainWrite | null;
  proveWrite(
    text: string,
    write: PlainWrite,
    analysis: SqlAnalysis,
    catalogue: Catalogue,
    facts: WriteFacts,
  ): WriteProof;
  unexplainable(text: string, analysis: SqlAnalysis, catalogue: Catalogue): string | null;
}

export interface RehearsalPorts extends CataloguePorts {
  readonly policy: Pick<PolicySource, "current">;
  readonly mintPermit: MintPermit;
  readonly readings: WriteReadings;
}

/** A statement that is looked into before it may run. */
export interface Question {
  readonly asker: Asker;
  readonly statement: StatementId;
  readonly ask: Ask;
  readonly analysis: SqlAnalysis;
  readonly catalogue: Catalogue;
  /** Statements that set what its session has set; null: that cannot be said, so it cannot be done again elsewhere. */
  readonly settings: readonly string[] | null;
  /** Its open transaction did more than read: what it did nobody else sees. */
  readonly wrote: boolean;
}

/** What Hoop finds out about a statement over a session of its own, under the asker's login. Never throws. */
export interface Rehearsals {
  /** The planner's word; null: it cannot be had. */
  estimate(question: Question): Promise<PlanEstimate | null>;
  /** What reviewers are shown: tried and taken back, else the planner's word, else why there is none. */
  rehearse(question: Question, review: string): Promise<Rehearsal>;
  /** Ends what runs under that subject's name. */
  forget(subject: Asker["subject"]["id"]): void;
  close(): void;
}

/** Rows of a table shown before and after. */
const samples = 10;

export function createRehearsals(ports: RehearsalPorts): Rehearsals {
  const lanes = createOwnLanes(ports);

  /** Hoop's own statement for somebody: in the record before it is sent. */
  function record(question: Question, purpose: Exclude<PermitPurpose, "forward">): Promise<LookedInto> {
    const { asker, statement, ask, analysis, settings } = question;
    const set = ports.policy.current();
    const decision = ownDecision(set, purpose);
    return new Promise((resolve, reject) => {
      ports.recorder.append(
        {
          kind: "change",
          actor: { subject: "system", name: asker.subject.name, system: true },
          what: purpose === "rehearse" ? "statement-rehearsed" : "statement-planned",
          target: asker.connection.name,
          before: null,
          // The client's own entry holds the text, sealed.
          after: {
            session: asker.session,
            statement,
            purpose,
            shape: analysis.shape,
            policyVersion: decision.verdict.policyVersion,
          },
        },
        (error) => {
          if (error !== null) return reject(error);
          resolve({
            permit: ports.mintPermit(decision, statement, purpose),
            text: ask.text,
            values: ask.values,
            reading: ask.reading?.() ?? null,
            context: ask.context,
            settings: settings ?? [],
          });
        },
      );
    });
  }

  async function ask<T>(
    question: Question,
    purpose: "inspect" | "rehearse",
    run: (operator: Operator, statement: LookedInto) => Promise<T>,
  ): Promise<T> {
    const { connection, subject } = question.asker;
    const statement = await record(question, purpose);
    return lanes.use(connection, question.ask.context.database, subject, (operator) => run(operator, statement));
  }

  async function plan(question: Question): Promise<OwnEstimate | string> {
    const { ask: asked, analysis, catalogue } = question;
    const obstacle = notAgain(question) ?? ports.readings.unexplainable(asked.text, analysis, catalogue);
    if (obstacle !== null) return obstacle;
    try {
      const found = await ask(question, "inspect", async (operator, statement) => operator.estimate?.(statement));
      return found ?? "the planner cannot say";
    } catch (error) {
      return `the planner could not be asked: ${hoopErrorFrom(error).message}`;
    }
  }

  async function tryOut(
    question: Question,
    review: string,
  ): Promise<Exclude<OwnRehearsed, { kind: "failed" }> | Rehearsal> {
    const { ask: asked, analysis, catalogue } = question;
    const untried = (why: string) => ({ kind: "untried", why }) as const;
    if (asked.phase === "connect") return { kind: "none", why: "it is the access itself that waits" };
    const obstacle = notAgain(question);
    if (obstacle !== null) return untried(obstacle);
    if (question.wrote) return untried("its open transaction has written, which nobody else sees");
    const write = ports.readings.plainWrite(asked.text, analysis, catalogue);
    if (write === null) return untried("it is not one INSERT, UPDATE, DELETE or MERGE of one table");
    try {
      const found = await ask(question, "rehearse", async (operator, statement) =>
        operator.rehearse?.({
          ...statement,
          write,
          catalogue: catalogue.version,
          prove: (facts) => ports.readings.proveWrite(asked.text, write, analysis, catalogue, facts),
          salt: review,
          samples,
        }),
      );
      if (found === undefined) return untried("its protocol cannot try it");
      return found.kind === "failed" ? { kind: "none", why: found.why } : found;
    } catch (error) {
      return untried(`it could not be tried: ${hoopErrorFrom(error).message}`);
    }
  }

  return {
    async estimate(question) {
      const found = await plan(question);
      return typeof found === "string" ? null : found;
    },

    async rehearse(question, review) {
      const tried = await tryOut(question, review);
      if (tried.kind !== "untried") return tried;
      const found = await plan(question);
      if (typeof found !== "string") return { kind: "estimated", why: tried.why, rows: found.rows, plan: found.plan };
      return { kind: "none", why: found === tried.why ? found : `${tried.why}; ${found}` };
    },

    forget: (subject) => lanes.forget(subject),
    close: () => lanes.close(),
  };
}

/** Why what the statement meets in its own session cannot be had in another. */
function notAgain({ ask, settings, analysis }: Question): string | null {
  if (settings === null) return "its session has changed settings that cannot be set again elsewhere";
  if (analysis.statements !== 1) return "it is not one statement";
  const encoding = (ask.context.settings.client_encoding ?? "utf8").toLowerCase().replace(/[^a-z0-9]/g, "");
  if (ask.values !== null && encoding !== "utf8") return "its values are not in UTF-8";
  return null;
}
