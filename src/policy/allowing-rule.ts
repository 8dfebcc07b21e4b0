import { answerOfLive } from "./live.js";
import type { Looked } from "./looked.js";
import type { Situation } from "./policy.js";
import type { AccessRule } from "./rule.js";
import type { Alive } from "./sight.js";

/** The access rule that covers what is asked, alone; `pending`: one may, once the planner has been asked. */
export function allowingRule(
  alive: Pick<Alive, "access">,
  situation: Situation,
  looked: Looked,
): AccessRule | "pending" | null {
  let pending = false;
  for (const live of alive.access) {
    looked.pending = false;
    const answer = answerOfLive(live, situation, looked);
    if (answer === "yes") return live.rule;
    if (answer === "unknown" && looked.pending) pending = true;
  }
  return pending ? "pending" : null;
}
