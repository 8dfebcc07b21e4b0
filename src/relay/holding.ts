import type { Decision } from "../policy/policy.js";
import type { Answer, Ask, ExpectedEffect, Gate, Waiting, WithdrawReason } from "../protocol/index.js";
import type { Analysis, HoopError, Reason, StatementId } from "../vocabulary/index.js";
import { type Asker, metBy } from "./asker.js";
import type { Standing as Approved, Considered } from "./considered.js";
import type { GatePorts } from "./context.js";
import { HeldAsk } from "./held-ask.js";
import { type Refused, withdrawnWords } from "./held-words.js";
import type { SessionTrail } from "./session-trail.js";

/** What is being asked, and how its client is answered. */
export interface Asked {
  readonly id: number;
  readonly statement: StatementId;
  readonly ask: Ask;
  readonly answer: (answer: Answer) => void;
  readonly waits: (waiting: Waiting) => void;
}

/** What the gate does for an ask that waits. */
export interface HoldingPorts {
  readonly gate: Pick<GatePorts, "people" | "policy" | "recorder" | "now">;
  readonly asker: Asker;
  readonly trail: SessionTrail;
  show(ask: Ask): string | null;
  /** The approval that an earlier ask was let go with. */
  approvalOf(ask: number): Approved | null;
  consider(asked: Asked, done: (result: Considered | Refused) => void): void;
  decide(ask: Ask, before: Considered): Considered;
  record(asked: Asked, decision: Decision, analysis: Analysis, done: (error: HoopError | null) => void): void;
  refuse(asked: Asked, why: Refused, analysis: Analysis | null): void;
  forward(
    asked: Asked,
    considered: Considered,
    decision: Decision,
    approved: Approved | null,
    expects?: ExpectedEffect | undefined,
  ): void;
}

/** What of one session waits for people. */
export interface Holding {
  hold(asked: Asked, reasons: readonly Reason[], analysis: Analysis): void;
  readonly withdraw: NonNullable<Gate["withdraw"]>;
  close(): void;
}

const nowhere: Reason = {
  rule: null,
  code: "not-available",
  text: "a rule asks for people to look at this, and this gateway has nowhere to ask them",
};

export function createHolding(ports: HoldingPorts): Holding {
  const { gate, asker, trail } = ports;
  const waiting = new Map<number, HeldAsk>();

  function recordWithdrawn(statement: StatementId, durationMs: number, why: WithdrawReason): void {
    gate.recorder.append({
      kind: "statement-finished",
      session: asker.session,
      statement,
      outcome: "cancelled",
      ...{ rows: 0, bytes: 0, maskedCells: 0, durationMs },
      error: { code: "withdrawn", text: withdrawnWords[why] },
    });
  }

  return {
    hold(asked, reasons, analysis) {
      const { id, ask, statement, waits } = asked;
      if (!gate.people) return ports.refuse(asked, { reasons: [nowhere, ...reasons] }, analysis);
      const since = gate.now();
      const held = new HeldAsk(
        {
          people: gate.people,
          policy: gate.policy,
          asker,
          trail,
          shown: ports.show(ask),
          before: ask.before === undefined ? null : ports.approvalOf(ask.before),
          consider: (done) => ports.consider(asked, done),
          decide: (before) => ports.decide(ask, before),
          record: (decision, recorded, done) => ports.record(asked, decision, recorded, done),
          withdrawn: (why) => recordWithdrawn(statement, gate.now() - since, why),
          refuse(why, recorded) {
            waiting.delete(id);
            ports.refuse(asked, why, recorded);
          },
          forward(considered, decision, approved, expects) {
            waiting.delete(id);
            if (ask.phase === "connect") asker.admitted = metBy(considered.decision.verdict);
            ports.forward(asked, considered, decision, approved, expects);
          },
          waits,
        },
        ask,
        statement,
      );
      waiting.set(id, held);
      held.start();
    },

    withdraw(id, why = "disconnected") {
      waiting.get(id)?.withdraw(why);
      waiting.delete(id);
    },

    close() {
      for (const held of waiting.values()) held.withdraw("disconnected");
      waiting.clear();
    },
  };
}
