import type { Answer, Waiting, WithdrawReason } from "../../../protocol/index.js";
import type { HoopError } from "../../../vocabulary/index.js";
import { denialReport, type Report, sqlState } from "../errors.js";
import { checkQuery } from "./check-approved.js";
import type { Conversation } from "./conversation.js";
import type { Forwarder } from "./forwarder.js";
import { type Held, textOf, turnOf } from "./held.js";
import { execute, needsAnswer } from "./held-portal.js";
import { askCopyColumns, askCursors } from "./held-questions.js";
import { findStatement, readOtherwise, readText, settingsLost, unreadableReport } from "./held-statement.js";
import type { OwnQuestion, OwnWork } from "./own-work.js";
import { Pending } from "./pending.js";
import { contextUnknown, definitionsUnknown, waitForTarget } from "./target-waits.js";
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
  checking = false;
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

  /** What a held message waits for, one thing after the other. */
  #advance(held: Held): void {
    const conversation = this.#conversation;
    if (conversation.ending.pending || conversation.core.ended) return;
    if (held.kind === "later") {
      if (conversation.copy !== null && !conversation.copy.wanted) return;
      this.#held = null;
      this.#again(held.type, held.frame);
      return;
    }
    if (conversation.working) return;
    if (held.kind === "execute" && !needsAnswer(this, conversation, this.#forwarder, held)) return;
    if (contextUnknown(conversation) || definitionsUnknown(conversation)) return;
    const unread = unreadableReport(conversation) ?? readText(held, conversation.context.codec);
    if (unread !== null) return this.refuse(unread);
    if (held.kind === "bind") {
      const unfound = findStatement(conversation, held);
      if (unfound === "waits") return;
      if (unfound !== null) return this.refuse(unfound);
    }
    const otherwise = readOtherwise(conversation, held);
    if (otherwise !== null) return this.refuse(otherwise);
    const text = textOf(held);
    if (conversation.statements.unsettled && /execute/i.test(text) && waitForTarget(conversation)) return;
    const lost = settingsLost(conversation, held, text);
    if (lost !== null) return this.refuse(lost);
    if (askCursors(this, conversation, held, text)) return;
    // Whether it stands in a transaction matters and is not known yet: the replies before it tell.
    if (this.#settling && waitForTarget(conversation)) return;
    this.#settling = false;
    held.ask = conversation.ask(held, text);
  }

  /** Asks the target something of our own before `held` can go on. A failure inside of the client's pipeline is its end. */
  inquire(held: Held, question: OwnQuestion, learned: (work: OwnWork) => void): void {
    const conversation = this.#conversation;
    conversation.own([question], (work) => {
      if (this.#held !== held) return;
      if (work.failure !== null && conversation.unsynced > 0) return this.pipelineFailed(work.failure.frame);
      learned(work);
    });
  }

  /** The target failed something of this pipeline and discards up to Sync: what is held back is part of that. */
  discarded(): void {
    const held = this.#held;
    if (held === null || held.kind === "later" || this.checking) return;
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
    } else this.refuse(denialReport(answer.reasons, answer.hint));
  }

  #allowed(held: Held, answer: Extract<Answer, { outcome: "allow" }>): void {
    const conversation = this.#conversation;
    const forwarder = this.#forwarder;
    if ((held.kind === "query" || held.kind === "bind") && answer.masks !== null && held.columns === null) {
      if (askCopyColumns(this, conversation, held, answer, () => this.#allowed(held, answer))) return;
    }
    // A portal is compared when it runs.
    if (held.kind === "query" && answer.expects !== undefined)
      return checkQuery(this, conversation, forwarder, held, answer, answer.expects);
    if (held.kind === "execute" && (answer.expects ?? held.portal!.expects) !== null) {
      forwarder.renewed(held.portal!, held.ask, answer);
      execute(this, conversation, forwarder, held, held.portal!);
      return;
    }
    this.#held = null;
    if (held.kind !== "later") forwarder.send(held, answer);
  }

  /** What ran under our eyes has its reply: the next message's turn. */
  checked(): void {
    this.checking = false;
    this.#release();
    this.#conversation.client.proceed();
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

  /** The gate could not answer: as a denial. */
  failed(id: number, error: HoopError): boolean {
    if (this.#held === null || this.#held.ask !== id) return false;
    this.refuse({
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
    if (held === null || held.ask === 0 || this.checking) return;
    if (held.ask > 0) this.#conversation.core.out.push({ kind: "withdraw", id: held.ask, why });
    this.#waits.over();
    if (report === null) held.ask = -1;
    else {
      this.refuse(report);
    }
  }

  /** The message is on its way. */
  sent(): void {
    this.#held = null;
  }

  refuse(report: Report): void {
    const held = this.#held!;
    this.#release();
    this.#conversation.refuse(report, turnOf(held));
  }

  #release(): void {
    this.#held = null;
    this.#settling = false;
    this.#waits.over();
  }
}
