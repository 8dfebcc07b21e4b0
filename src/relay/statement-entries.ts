import type { Decision } from "../policy/policy.js";
import type { Answer, Ask, Note } from "../protocol/index.js";
import type { Actor } from "../recording/recorder.js";
import type { Analysis, HoopError, Reason, StatementId } from "../vocabulary/index.js";
import { actorOf } from "./actor-of.js";
import type { Asker } from "./asker.js";
import type { GatePorts } from "./context.js";
import type { OpenAsk } from "./open-asks.js";

/** Texts whose shown form is kept, and how long they may be: a session asks the same few again and again. */
const maxShown = 32;
const maxShownText = 1_024;

type EntryPorts = Pick<GatePorts, "recorder" | "policy" | "show" | "now">;

/** What is written down of a decision. */
export type Recorded = Pick<Decision["verdict"], "outcome" | "reasons" | "policyVersion"> & Pick<Decision, "shadows">;

/** Writes down what was decided on the statements of one session, and what became of them. */
export class StatementEntries {
  readonly #ports: EntryPorts;
  readonly #asker: Asker;
  #actor: { readonly subject: Asker["subject"]; readonly is: Actor };
  readonly #shown = new Map<string, string | null>();

  constructor(ports: EntryPorts, asker: Asker) {
    this.#ports = ports;
    this.#asker = asker;
    this.#actor = { subject: asker.subject, is: actorOf(asker.subject) };
  }

  record(
    statement: StatementId,
    ask: Ask,
    verdict: Recorded,
    analysis: Analysis | null,
    done: (error: HoopError | null) => void,
  ): void {
    this.#ports.recorder.append(
      {
        kind: "statement",
        session: this.#asker.session,
        statement,
        actor: this.#actorNow(),
        connection: this.#asker.connection.name,
        phase: ask.phase,
        purpose: "forward",
        outcome: verdict.outcome,
        reasons: verdict.reasons,
        policyVersion: verdict.policyVersion,
        shadows: verdict.shadows,
        text: ask.text,
        values: ask.values,
        shown: this.shown(ask),
        analysis,
        ...(ask.trace === undefined ? {} : { trace: ask.trace }),
      },
      done,
    );
  }

  /** Denies. That is answered even when it cannot be recorded: nothing moves either way, and the recorder says so itself. */
  refuse(
    statement: StatementId,
    ask: Ask,
    reasons: readonly Reason[],
    analysis: Analysis | null,
    answer: (answer: Answer) => void,
    hint?: string,
    shadows?: Decision["shadows"],
  ): void {
    const { version } = this.#ports.policy.current();
    const verdict = { outcome: "deny" as const, reasons, policyVersion: version, shadows };
    this.record(statement, ask, verdict, analysis, () => answer({ outcome: "deny", reasons, analysis, hint }));
  }

  finished(asked: OpenAsk, note: Extract<Note, { kind: "finished" }>): void {
    this.#ports.recorder.append({
      kind: "statement-finished",
      session: this.#asker.session,
      statement: asked.statement,
      outcome: note.outcome,
      rows: note.rows,
      bytes: note.bytes,
      maskedCells: note.maskedCells,
      durationMs: this.#ports.now() - asked.since,
      tag: note.tag,
      error: note.error,
      detected: note.detected,
      budgets: asked.charging?.over(note.rows, note.bytes),
    });
  }

  /** As it is shown to people. What a protocol reads itself is no SQL; its shape holds no values. */
  shown(ask: Ask): string | null {
    if (ask.analysis) return ask.analysis.shape;
    const { text } = ask;
    const known = this.#shown.get(text);
    if (known !== undefined) return known;
    const made = this.#ports.show(text);
    if (text.length > maxShownText) return made;
    if (this.#shown.size >= maxShown) this.#shown.clear();
    this.#shown.set(text, made);
    return made;
  }

  /** The same object for the same subject, so that its text is made once. */
  #actorNow(): Actor {
    const { subject } = this.#asker;
    if (this.#actor.subject !== subject) this.#actor = { subject, is: actorOf(subject) };
    return this.#actor.is;
  }
}
