import { randomUUID } from "node:crypto";
import type { Decision } from "../policy/policy.js";
import type { Ask, ExpectedEffect, WithdrawReason } from "../protocol/index.js";
import type { ReviewState } from "../reviews/desk.js";
import { type Analysis, answerableFor, type HoldTerms, hoopErrorFrom, type StatementId } from "../vocabulary/index.js";
import { notUsable, type Review, runApproved, unavailable } from "./approval-use.js";
import { type Approval, approvedDecision } from "./approved.js";
import { type Binding, bind } from "./binding.js";
import { cannotWait } from "./cannot-wait.js";
import type { Considered, Standing } from "./considered.js";
import type { HeldAskPorts } from "./held-ask-ports.js";
import { holdText, type Refused, refused, reviewEnded } from "./held-words.js";
import { holdRequest } from "./hold-request.js";
import { comparable, expectedEffect, startRehearsal } from "./rehearse-held.js";
import { waitForFactor } from "./second-factor.js";
import { within } from "./within.js";

/**
 * One ask that rules hold or challenge, until it is answered or nobody waits any more. Whatever happens (a decision of people, a second
 * factor, a change of rules), it is read and decided anew, and only what is decided then counts: an approval is used up in the
 * store before the statement is written down as allowed, and that before it is let go.
 */
export class HeldAsk {
  readonly #ports: HeldAskPorts;
  readonly #ask: Ask;
  readonly #statement: StatementId;
  #nonce: string;
  #over = false;
  /** Which of several readings under way is the newest. */
  #reading = 0;
  #recorded: string | null = null;
  #analysis: Analysis | null = null;
  #review: Review | null = null;
  /** A review is being opened or used: what changes meanwhile is looked at when that is done. */
  #busy = false;
  #again = false;
  /** Of a review that is known a moment later. */
  #early: ReviewState | null = null;
  #stopFactor: (() => void) | null = null;
  #giveBack: (() => void) | null = null;
  /** For a review that is opened when nobody waits any more. */
  #closedBy: WithdrawReason | null = null;
  /** What its reviewers are shown of it is there, or never will be. */
  #rehearsed: Promise<void> = Promise.resolve();
  readonly #unwatch: () => void;

  constructor(ports: HeldAskPorts, ask: Ask, statement: StatementId) {
    this.#ports = ports;
    this.#ask = ask;
    this.#statement = statement;
    this.#nonce = ports.before?.nonce ?? randomUUID();
    this.#unwatch = ports.policy.watch(() => this.#step());
  }

  start(): void {
    this.#step();
  }

  withdraw(why: WithdrawReason): void {
    if (this.#over) return;
    const recorded = this.#recorded !== null;
    this.#close(why);
    if (recorded) this.#ports.withdrawn(why);
  }

  #close(why: WithdrawReason): void {
    this.#over = true;
    this.#closedBy = why;
    this.#unwatch();
    this.#stopFactor?.();
    this.#stopFactor = null;
    this.#giveBack?.();
    this.#giveBack = null;
    this.#review?.held.leave(why);
  }

  #refuse(why: Refused): void {
    if (this.#over) return;
    this.#close("cancelled");
    this.#ports.refuse(why, this.#analysis);
  }

  #step(): void {
    if (this.#over) return;
    if (this.#busy) {
      this.#again = true;
      return;
    }
    const reading = ++this.#reading;
    this.#ports.consider((result) => {
      if (this.#over || reading !== this.#reading) return;
      if ("reasons" in result) return this.#refuse(result);
      this.#judge(result);
    });
  }

  #judge(considered: Considered): void {
    const { verdict } = considered.decision;
    this.#analysis = considered.recorded;
    if (verdict.outcome === "deny") return this.#refuse(verdict);
    if (considered.unmaskable !== null) return this.#refuse({ reasons: considered.unmaskable });
    if (verdict.outcome === "allow") return this.#forward(considered, considered.decision, null);
    if (this.#recorded === verdict.outcome) return this.#wait(considered);
    this.#recorded = verdict.outcome;
    this.#busy = true;
    this.#ports.record(considered.decision, considered.recorded, (error) => {
      this.#busy = false;
      if (this.#over) return;
      if (error === null) return this.#wait(considered);
      this.#refuse(refused([], "not-recorded", `that it waits could not be recorded: ${error.message}`));
    });
  }

  /** What was put off while something was under way. */
  #catchUp(): boolean {
    if (!this.#again || this.#over) return false;
    this.#again = false;
    this.#step();
    return true;
  }

  #wait(considered: Considered): void {
    const { verdict } = considered.decision;
    if (this.#catchUp()) return;
    if (verdict.outcome === "challenge") return this.#challenge(considered);
    this.#stopFactor?.();
    this.#stopFactor = null;
    this.#hold(considered, verdict.holds ?? []);
  }

  #place(): boolean {
    this.#giveBack ??= this.#ports.people.places.take(this.#ports.asker.subject.id);
    if (this.#giveBack !== null) return true;
    this.#refuse(
      refused(
        [],
        "too-many-held",
        "as many of yours, or of everybody's, wait for people on this gateway as may",
        "Try again later.",
      ),
    );
    return false;
  }

  // A second factor.

  #challenge({ decision }: Considered): void {
    const terms = decision.verdict.challenges ?? [];
    const { asker, people, shown } = this.#ports;
    if (this.#stopFactor !== null) return;
    if (terms.length === 0)
      return this.#refuse(refused([], "not-available", "a rule asks for a second factor without saying how"));
    if (!this.#place()) return;
    this.#stopFactor = waitForFactor(people, {
      subject: answerableFor(asker.subject).id,
      connection: asker.connection.name,
      session: asker.session,
      shown: this.#ask.phase === "connect" ? null : shown,
      terms,
      changed: () => this.#step(),
      refuse: (why) => this.#refuse(why),
      waits: (waiting) => this.#over || this.#ports.waits(waiting),
    });
  }

  // A review.

  #hold(considered: Considered, terms: readonly HoldTerms[]): void {
    if (terms.length === 0) return this.#refuse(noTerms);
    const { asker, trail, before } = this.#ports;
    const { analysis, catalogue } = considered;
    const { subject, connection } = asker;
    const binding = bind({
      subject,
      connection,
      ask: this.#ask,
      analysis,
      catalogue,
      terms,
      trail,
      nonce: this.#nonce,
    });
    // Approved and used when it was bound, and it has not run yet.
    if (before !== null && before.core === binding.core)
      return this.#forward(considered, approvedDecision(considered.decision, before.approval), before);
    const obstacle = cannotWait(this.#ask, trail, terms);
    if (obstacle !== null) return this.#refuse(obstacle);
    const review = this.#review;
    if (review === null) return this.#open(considered, terms, binding);
    if (review.binding.digest !== binding.digest) {
      const text = `what review ${review.held.id} is about, or the rule that asks for it, has changed while it waited`;
      return this.#refuse(refused(terms, "review-changed", text, "Run it again to have it reviewed as it is now."));
    }
    if (review.approved !== null) this.#use(considered, review, review.approved);
  }

  #open(considered: Considered, terms: readonly HoldTerms[], binding: Binding): void {
    if (!this.#place()) return;
    const { people, asker, trail } = this.#ports;
    const { verdict } = considered.decision;
    const request = holdRequest({
      asker,
      ask: this.#ask,
      statement: this.#statement,
      analysis: considered.recorded,
      verdict,
      terms,
      binding,
      trail,
      compared: comparable(this.#ask, considered.analysis, this.#wrote),
    });
    this.#busy = true;
    within(
      people.desk.hold(request, (state) => this.#changed(state)),
      (late) => late.leave("cancelled"),
    ).then(
      (held) => {
        this.#busy = false;
        if (this.#over) return held.leave(this.#closedBy ?? "disconnected");
        this.#review = { held, binding, terms, approved: null };
        this.#rehearsed = startRehearsal(this.#ports, this.#ask, this.#statement, considered, terms, held.id);
        const early = this.#early;
        this.#early = null;
        if (early !== null) this.#changed(early);
        this.#catchUp();
      },
      (error: unknown) => {
        this.#busy = false;
        this.#refuse(unavailable(terms, hoopErrorFrom(error)));
      },
    );
  }

  #changed(state: ReviewState): void {
    const review = this.#review;
    if (this.#over) return;
    if (review === null) {
      this.#early = state;
      return;
    }
    const { id, link, expiresAt: until } = review.held;
    switch (state.state) {
      case "pending":
        this.#ports.waits({ for: "hold", text: holdText(review.terms, state.missing), link, id, until });
        return;
      case "approved":
        review.approved = { review: id, state };
        this.#step();
        return;
      default:
        this.#refuse(reviewEnded(review.terms, id, link, state));
    }
  }

  #use(considered: Considered, review: Review, approval: Approval): void {
    const { id } = review.held;
    this.#busy = true;
    let expects: ExpectedEffect | string | undefined;
    const { people } = this.#ports;
    // What reviewers were shown is read before the approval is used up: without it nothing could be compared.
    expectedEffect(people, this.#ask, considered.analysis, this.#wrote, review.terms, id, this.#rehearsed)
      .then((effect) => {
        expects = effect;
        // Nobody waits any more, and what was not used may be when it is asked again.
        return this.#over ? false : within(people.desk.consume(id, review.binding.digest), () => {});
      })
      .then(
        (used) => {
          this.#busy = false;
          if (this.#over) return;
          if (!used) return this.#refuse(notUsable(review));
          const now = this.#ports.decide(considered);
          const run = runApproved(now, review, approval, this.#nonce, expects);
          if ("reasons" in run) return this.#refuse(run);
          this.#forward(now, run.decision, run.standing, run.expects);
        },
        (error: unknown) => {
          this.#busy = false;
          this.#refuse(unavailable(review.terms, hoopErrorFrom(error)));
        },
      );
  }

  #forward(considered: Considered, decision: Decision, standing: Standing | null, expects?: ExpectedEffect): void {
    if (this.#over) return;
    this.#close("cancelled");
    this.#ports.forward(considered, decision, standing, expects);
  }

  /** Its transaction did more than read. */
  get #wrote(): boolean {
    return this.#ask.context.transaction !== "idle" && this.#ports.trail.wrote;
  }
}

const noTerms = refused([], "not-available", "a rule holds this without saying who decides");
