import type { Answer, Ask, Order, Waiting, WithdrawReason } from "../protocol/index.js";
import type { SessionId, SubjectId } from "../vocabulary/index.js";
import type { Asker } from "./asker.js";
import type { SessionGate } from "./gate.js";

/** Why nothing of a session goes to its target, in words, and where that ends. */
export interface Pause {
  readonly id: string;
  readonly text: string;
  readonly link: string;
}

/** Sessions that wait until somebody releases them. */
export interface Pauses {
  /** Null: the session is not paused. Asked for each statement. */
  of(session: SessionId, subject: SubjectId): Pause | null;
  /** Called when pauses were imposed or lifted. Returns the way to stop. */
  watch(listener: () => void): () => void;
}

interface Waits {
  readonly id: number;
  readonly ask: Ask;
  readonly answer: (answer: Answer) => void;
  readonly waits: ((waiting: Waiting) => void) | undefined;
  /** The pause that its client was told of. */
  told: string;
}

/** Asks of one session that wait; its client's own limits end a flood much earlier. */
const most = 1_000;

/**
 * A gate that judges nothing while its session is paused: what is asked waits in its order, unrecorded as it is not yet decided, and
 * is judged by the rules of the moment when the pause is lifted. What runs already goes on to its end.
 */
export function pausable(gate: SessionGate, pauses: Pauses, asker: Asker, order: (order: Order) => void): SessionGate {
  const waiting: Waits[] = [];
  let noticed: string | null = null;

  const now = () => pauses.of(asker.session, asker.subject.id);

  function tell(pause: Pause): void {
    for (const one of waiting) {
      if (one.told === pause.id) continue;
      one.told = pause.id;
      one.waits?.({ for: "hold", text: pause.text, link: pause.link, id: pause.id });
    }
  }

  function look(): void {
    const pause = now();
    if (pause !== null) {
      if (noticed !== pause.id) order({ kind: "notice", text: pause.text });
      noticed = pause.id;
      return tell(pause);
    }
    noticed = null;
    for (const { id, ask, answer, waits } of waiting.splice(0)) gate.judge(id, ask, answer, waits);
  }

  const stop = pauses.watch(look);

  return {
    get statements() {
      return gate.statements;
    },
    judge(id, ask, answer, waits) {
      const pause = now();
      if (pause === null && waiting.length === 0) return gate.judge(id, ask, answer, waits);
      if (waiting.length >= most) {
        const text = "this session is paused, and as much of it waits as may";
        return answer({ outcome: "deny", reasons: [{ rule: null, code: "paused", text }], analysis: null });
      }
      waiting.push({ id, ask, answer, waits, told: "" });
      if (pause !== null) tell(pause);
    },
    withdraw(id: number, why?: WithdrawReason) {
      const at = waiting.findIndex((one) => one.id === id);
      if (at >= 0) waiting.splice(at, 1);
      else gate.withdraw?.(id, why);
    },
    ...(gate.needs ? { needs: () => gate.needs!() } : {}),
    lookup: (ask, relations, answer) => gate.lookup(ask, relations, answer),
    note: (note) => gate.note(note),
    close() {
      stop();
      waiting.length = 0;
      gate.close?.();
    },
  };
}
