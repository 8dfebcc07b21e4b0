import type { ChallengeTerms, HoldTerms, Reason } from "../vocabulary/index.js";
import { answerOfLive, type Live } from "./live.js";
import type { Looked } from "./looked.js";
import type { Situation } from "./policy.js";
import { guardReason } from "./reasons.js";
import type { GuardRule } from "./rule.js";

/** Told of one refusal at most. */
const maxReasons = 8;

/** Something that stops a statement until it is met. */
export interface Stop {
  readonly reason: Reason;
  readonly terms: HoldTerms | ChallengeTerms;
}

/** What guards make of a statement; null where none does. */
export interface Caught {
  denied: Reason[] | null;
  /** Of guards that deny what they cannot tell. */
  unsure: Reason[] | null;
  challenges: Stop[] | null;
  holds: Stop[] | null;
  /** A guard waits for the planner's estimate. */
  pending: boolean;
}

/** Tries every guard that is alive. What cannot be told is caught. */
export function catchWith(guards: readonly Live<GuardRule>[], situation: Situation, looked: Looked): Caught {
  const caught: Caught = { denied: null, unsure: null, challenges: null, holds: null, pending: false };
  for (const live of guards) {
    looked.pending = false;
    const answer = answerOfLive(live, situation, looked);
    if (answer === "no") continue;
    if (answer === "unknown" && looked.pending) {
      caught.pending = true;
      continue;
    }
    const { action } = live.rule;
    if (action.kind === "deny") {
      const list = answer === "yes" ? "denied" : "unsure";
      if ((caught[list]?.length ?? 0) < maxReasons)
        caught[list] = withOne(caught[list], guardReason(live.rule, situation, answer));
    } else if (action.kind === "hold") {
      const stop = { reason: guardReason(live.rule, situation, answer), terms: action.terms };
      caught.holds = withOne(caught.holds, stop);
    } else if (!isFresh(action.terms, situation, looked)) {
      const stop = { reason: guardReason(live.rule, situation, answer), terms: action.terms };
      caught.challenges = withOne(caught.challenges, stop);
    }
  }
  return caught;
}

/** The list with one more; there is none until something is caught, for nearly nothing ever is. */
export function withOne<Item>(list: Item[] | null, item: Item): Item[] {
  if (list === null) return [item];
  list.push(item);
  return list;
}

function isFresh(terms: ChallengeTerms, situation: Situation, looked: Looked): boolean {
  looked.add("freshness");
  const age = situation.freshness?.() ?? null;
  return age !== null && age <= terms.freshMs;
}
