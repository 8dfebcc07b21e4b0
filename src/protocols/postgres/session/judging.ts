import type { Answer, ExpectedEffect, Waiting, WithdrawReason } from "../../../protocol/index.js";
import { HoopError } from "../../../vocabulary/index.js";
import { transactionStatus } from "../codec/types.js";
import { copyColumns, copyQuestion } from "../copy/copy-columns.js";
import { denialReport, type Report, sqlState } from "../errors.js";
import type { Portal } from "../statements.js";
import { canCheck, runCheckedPortal, runCheckedQuery } from "./checked-run.js";
import { sqlFacts } from "./context.js";
import type { Conversation } from "./conversation.js";
import type { Forwarder } from "./forwarder.js";
import {
  endsTransactionAndGoesOn,
  type Held,
  phaseOf,
  readingOf,
  shownValuesOf,
  textOf,
  turnOf,
  valuesOf,
} from "./held.js";
import { learn } from "./learn.js";
import { Pending } from "./pending.js";
import { Waits } from "./waits.js";

/** Holds the one message that is being judged: what it waits for, its ask, and what becomes of it. */
export class Judging {
  readonly #conversation: Conversation;
  readonly #forwarder: Forwarder;
  /** Looks at a frame again that had to wait. */
  readonly #again: (type: number, frame: Buffer) => void;
  #held: Held | null = null;
  /** It is asked again when all replies are there. */
  #settling = false;
  /** It is running inside of a transaction of ours: what follows waits, and it can no longer be withdrawn. */
  #checking = false;
  readonly #waits: Waits;

  constructor(conversation: Conversation, forwarder: Forwarder, again: (type: number, frame: Buffer) => void) {
    this.#conversation = conversation;
    this.#forwarder = forwarder;
    this.#again = again;
    this.#waits = new Waits(conversation.core, (report) => conversation.target.notice(report));
  }

  get holding(): boolean {
    return this.#held !== null;
  }

  hold(held: Held): void {
    this.#held = held;
    this.#advance(held);
  }

  /** Something changed that it may have waited for. */
  proceed(): void {
    if (this.#held !== null && this.#held.ask === 0) this.#advance(this.#held);
  }

  /** Decodes the text, once the encoding that it will be read in is known. False: it was refused. */
  #read(held: Held): boolean {
    if (held.kind !== "query" && held.kind !== "parse") return true;
    try {
      const text = this.#conversation.context.codec.decode(held.raw);
      if (held.kind === "query") held.text = text;
      else {
        const types = Buffer.from(held.types);
        held.statement = { name: held.name, text, size: held.raw.length, types, parameters: null };
      }
      return true;
    } catch (error) {
      if (!(error instanceof HoopError)) throw error;
      const code = sqlState.characterNotInRepertoire;
      this.#refuse({ severity: "ERROR", code, message: `hoop: ${error.message}` });
      return false;
    }
  }

  // What a held message waits for, one thing after the other.

  #advance(held: Held): void {
    const conversation = this.#conversation;
    if (conversation.ending || conversation.core.ended) return;
    if (held.kind === "later") {
      if (conversation.copy !== null && !conversation.copy.wanted) return;
      this.#held = null;
      this.#again(held.type, held.frame);
      return;
    }
    if (conversation.working) return;
    if (held.kind === "execute" && !this.#needsAnswer(held)) return;
    if (this.#contextUnknown() || this.#definitionsUnknown()) return;
    const unreadable = conversation.context.unreadable();
    if (unreadable !== null) {
      this.#refuse({
        severity: "ERROR",
        code: sqlState.featureNotSupported,
        message: `hoop: ${unreadable}`,
        hint: "Connect anew and leave that setting alone.",
      });
      return;
    }
    if (!this.#read(held)) return;
    if (held.kind === "bind" && !this.#findStatement(held)) return;
    if (held.kind === "execute" && held.portal!.readAs !== conversation.context.readAs) {
      // Read now its text would mean something else than what the target runs.
      this.#refuse({
        severity: "ERROR",
        code: sqlState.invalidCursorName,
        message: "hoop: the rules have changed since this portal was bound, and so has the search path or the role",
        hint: "Bind the statement anew.",
      });
      return;
    }
    const text = textOf(held);
    if (conversation.statements.unsettled && /execute/i.test(text) && this.#waitForTarget()) return;
    if (turnOf(held) === "turn" && conversation.context.revertible && endsTransactionAndGoesOn(text)) {
      this.#refuse({
        severity: "ERROR",
        code: sqlState.featureNotSupported,
        message: "hoop: the end of a transaction that changed session settings must be a query of its own",
        hint: "Send COMMIT or ROLLBACK alone, then the next statement.",
      });
      return;
    }
    if (this.#askCursors(held, text)) return;
    // Whether it stands in a transaction matters and is not known yet: the replies before it tell.
    if (this.#settling && this.#waitForTarget()) return;
    this.#settling = false;
    const values = valuesOf(held);
    const before = held.kind === "execute" ? held.portal!.ask : undefined;
    const cursors = held.cursors === undefined ? null : { cursors: held.cursors };
    const details =
      values === null
        ? { values, ...cursors }
        : {
            values,
            ...cursors,
            reading: () => readingOf(held),
            shownValues: () => shownValuesOf(held, conversation.context.codec),
            before,
          };
    held.ask = conversation.ask(text, phaseOf(held), held.frame.length, details);
  }

  /** A FETCH returns what its cursor was declared for: asks which are open. True: wait. */
  #askCursors(held: Held, text: string): boolean {
    const conversation = this.#conversation;
    const runs = held.kind === "query" || held.kind === "bind" || held.kind === "execute";
    if (!runs || held.cursors !== undefined || !conversation.cursors.mayFetch(text)) return false;
    if (this.#waitForTarget()) return true;
    // In a failed transaction the target answers nobody.
    if (conversation.status === transactionStatus.failed) return false;
    conversation.own([conversation.cursors.question], (work) => {
      if (this.#held !== held) return;
      if (work.failure !== null && conversation.unsynced > 0) return this.pipelineFailed(work.failure.frame);
      held.cursors = conversation.cursors.open(work, conversation.context.codec);
    });
    return true;
  }

  /** Sees to it that the settings which texts depend on are known; true: wait. */
  #contextUnknown(): boolean {
    const conversation = this.#conversation;
    if (!conversation.context.dirty) return false;
    if (this.#waitForTarget()) return true;
    // In a failed transaction the target refuses all but its end.
    if (conversation.unsynced === 0 && conversation.status === transactionStatus.failed) return false;
    learn(conversation);
    return true;
  }

  /** True: wait for the target to be through with changes of its catalogue. */
  #definitionsUnknown(): boolean {
    const conversation = this.#conversation;
    if (!conversation.defining) return false;
    if (this.#waitForTarget()) return true;
    conversation.defining = conversation.unsynced > 0;
    return false;
  }

  /** True: replies are on their way, we are called again after each. */
  #waitForTarget(): boolean {
    const conversation = this.#conversation;
    if (conversation.settled) return false;
    if (conversation.unsynced > 0) conversation.flush();
    return true;
  }

  /** False: it waits, or was refused. */
  #findStatement(held: Extract<Held, { kind: "bind" }>): boolean {
    const conversation = this.#conversation;
    const found = conversation.statements.get(held.name, conversation.segment);
    if (found === "unsettled") {
      if (this.#waitForTarget()) return false;
      throw new Error("a statement name is unsettled and nothing is on its way");
    }
    if (found.value === null) {
      this.#refuse({
        severity: "ERROR",
        code: "26000",
        message: `prepared statement "${held.name}" does not exist`,
        hint: "Through hoop, Bind can use what Parse of the same session made; use EXECUTE for what PREPARE made.",
      });
      return false;
    }
    held.statement = found.value;
    return true;
  }

  /** For Execute: false when it went out under the answer to its Bind, waits, or was refused; true: ask again. */
  #needsAnswer(held: Extract<Held, { kind: "execute" }>): boolean {
    const conversation = this.#conversation;
    const found = conversation.portals.get(held.name, conversation.segment);
    if (found === "unsettled") {
      if (this.#waitForTarget()) return false;
      throw new Error("a portal name is unsettled and nothing is on its way");
    }
    const portal = found.value;
    if (portal === null) {
      this.#refuse({
        severity: "ERROR",
        code: sqlState.invalidCursorName,
        message: `portal "${held.name}" does not exist`,
      });
      return false;
    }
    held.portal = portal;
    // SQL may have closed the name and declared a cursor under it since.
    if (held.name !== "" && portal.turn !== conversation.turn && !held.verified) {
      this.#verify(held, portal);
      return false;
    }
    // Since it was bound another cursor may have been opened under the name that it fetches from.
    const elsewhere = portal.cursorsAt !== null && portal.cursorsAt !== conversation.turn;
    if (portal.epoch !== conversation.epoch || elsewhere) return true;
    this.#execute(held, portal);
    return false;
  }

  #execute(held: Extract<Held, { kind: "execute" }>, portal: Portal): void {
    if (portal.expects === "ran")
      this.#refuse({ severity: "ERROR", code: "55000", message: `portal "${held.name}" cannot be run anymore` });
    else if (portal.expects !== null) this.#checkPortal(held, portal, portal.expects);
    else {
      this.#held = null;
      this.#forwarder.execute(held.frame, portal);
    }
  }

  #verify(held: Extract<Held, { kind: "execute" }>, portal: Portal): void {
    const conversation = this.#conversation;
    if (this.#waitForTarget()) return;
    const text = "SELECT statement FROM pg_catalog.pg_cursors WHERE name = $1";
    conversation.own([{ text, values: [Buffer.from(held.name, "latin1")] }], (work) => {
      if (this.#held !== held) return;
      if (work.failure !== null && conversation.unsynced > 0) return this.pipelineFailed(work.failure.frame);
      const row = work.answers[0]!.rows[0]?.[0];
      if (row != null && conversation.context.codec.decodeLoosely(row) === portal.statement.text) {
        held.verified = true;
        portal.turn = conversation.turn;
        return;
      }
      conversation.portals.forget(held.name);
      this.#refuse({
        severity: "ERROR",
        code: sqlState.invalidCursorName,
        message: `portal "${held.name}" does not exist`,
      });
    });
  }

  /** The target failed something of this pipeline and discards up to Sync: what is held back is part of that. */
  discarded(): void {
    const held = this.#held;
    if (held === null || held.kind === "later" || this.#checking) return;
    if (held.ask > 0) this.#conversation.core.out.push({ kind: "withdraw", id: held.ask, why: "cancelled" });
    this.#release();
  }

  /** A question of ours failed inside of the client's pipeline: the target discards up to Sync, and so do we. */
  pipelineFailed(frame: Buffer | null): void {
    const conversation = this.#conversation;
    const held = this.#held;
    if (held === null) return;
    this.#held = null;
    if (frame === null) return;
    if (conversation.unsynced === 0) {
      const pending = new Pending(turnOf(held) === "turn" ? "refused-query" : "refusal");
      pending.refusal = Buffer.from(frame);
      if (pending.kind === "refusal") conversation.discarding = true;
      conversation.pending.push(pending);
      conversation.emitLocals();
      return;
    }
    conversation.target.toClient(Buffer.from(frame));
    if (turnOf(held) === "turn") conversation.sync();
    else conversation.discarding = true;
  }

  // Answers.

  answered(id: number, answer: Answer): void {
    const held = this.#held;
    // Withdrawn meanwhile: nobody waits for it any more.
    if (held === null || held.ask !== id) return;
    this.#waits.over();
    if (answer.outcome === "allow") this.#allowed(held, answer);
    else if (answer.again === true) {
      held.ask = 0;
      this.#settling = true;
      this.#advance(held);
    } else this.#refuse(denialReport(answer.reasons, answer.hint));
  }

  /** People are asked about it: the client is told, and the target for what it answers until then. */
  told(id: number, waiting: Waiting): void {
    if (this.#held === null || this.#held.ask !== id) return;
    this.#conversation.flush();
    this.#waits.told(waiting);
  }

  tick(name: string): void {
    this.#waits.tick(name);
  }

  get waiting(): Waiting | null {
    return this.#waits.waiting;
  }

  #release(): void {
    this.#held = null;
    this.#settling = false;
    this.#waits.over();
  }

  /** The gate could not answer: as a denial. */
  failed(id: number, error: HoopError): boolean {
    if (this.#held === null || this.#held.ask !== id) return false;
    this.#refuse({
      severity: "ERROR",
      code: sqlState.internalError,
      message: `hoop: ${error.message}`,
      hint: error.hint,
    });
    return true;
  }

  /** Nobody waits for the open ask any more; with a report the client is told so in its place. */
  withdraw(report: Report | null, why: WithdrawReason): void {
    const held = this.#held;
    if (held === null || held.ask === 0 || this.#checking) return;
    if (held.ask > 0) this.#conversation.core.out.push({ kind: "withdraw", id: held.ask, why });
    this.#waits.over();
    if (report === null) held.ask = -1;
    else {
      this.#refuse(report);
    }
  }

  #refuse(report: Report): void {
    const held = this.#held!;
    this.#release();
    this.#conversation.refuse(report, turnOf(held));
  }

  #allowed(held: Held, answer: Extract<Answer, { outcome: "allow" }>): void {
    if ((held.kind === "query" || held.kind === "bind") && answer.masks !== null && held.columns === null) {
      if (this.#askCopyColumns(held, answer)) return;
    }
    // A portal is compared when it runs.
    if (held.kind === "query" && answer.expects !== undefined) return this.#check(held, answer, answer.expects);
    if (held.kind === "execute" && (answer.expects ?? held.portal!.expects) !== null) {
      this.#forwarder.renewed(held.portal!, held.ask, answer);
      this.#execute(held, held.portal!);
      return;
    }
    this.#held = null;
    if (held.kind !== "later") this.#forwarder.send(held, answer);
  }

  /** It was approved for what it did when it was tried: it runs under our eyes. */
  #check(
    held: Extract<Held, { kind: "query" }>,
    answer: Extract<Answer, { outcome: "allow" }>,
    expects: ExpectedEffect,
  ): void {
    if (!canCheck(this.#conversation, expects, held.text) || this.#conversation.unsynced > 0)
      return this.#refuse(incomparable);
    this.#checking = true;
    this.#forwarder.ranAside(held, answer);
    runCheckedQuery(this.#conversation, held, answer.masks, expects, () => this.#checked());
  }

  #checkPortal(held: Extract<Held, { kind: "execute" }>, portal: Portal, expects: ExpectedEffect): void {
    // Asked again when all replies are there, and then no question of ours may be on its way.
    held.ask = 0;
    if (this.#conversation.working || this.#waitForTarget()) return;
    portal.expects = "ran";
    if (!canCheck(this.#conversation, expects, portal.statement.text)) return this.#refuse(incomparable);
    this.#checking = true;
    this.#forwarder.portalRanAside(portal);
    runCheckedPortal(
      this.#conversation,
      portal,
      expects,
      (frame) => {
        this.#checking = false;
        this.pipelineFailed(frame);
      },
      () => this.#checked(),
    );
  }

  #checked(): void {
    this.#checking = false;
    this.#release();
    this.#conversation.client.proceed();
  }

  /**
   * A COPY does not say where its columns come from and what type they are: a Describe of its query, or the catalogue for
   * a table, does. True: asked, `#allowed` is called again.
   */
  #askCopyColumns(
    held: Extract<Held, { kind: "query" | "bind" }>,
    answer: Extract<Answer, { outcome: "allow" }>,
  ): boolean {
    const conversation = this.#conversation;
    const { masks } = answer;
    const query = sqlFacts(answer.analysis).copyQuery;
    const question = masks === null ? null : copyQuestion(query, masks, conversation.context.codec);
    if (question === null) return false;
    conversation.own([question], (work) => {
      if (this.#held !== held) return;
      if (work.failure !== null && conversation.unsynced > 0) return this.pipelineFailed(work.failure.frame);
      // What could not be learned is masked as of unknown origin.
      held.columns = work.failure === null ? copyColumns(work.answers[0]!, masks!) : [];
      this.#allowed(held, answer);
    });
    return true;
  }
}

/** What came of its preparation is not known, or what runs instead of it cannot be written. */
const incomparable: Report = {
  severity: "ERROR",
  code: "40001",
  message: "hoop: it was approved as rehearsed, and its effect cannot be compared where it stands now",
  hint: "Run it again, as a query of its own.",
};
