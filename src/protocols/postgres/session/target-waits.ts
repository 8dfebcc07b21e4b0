import { transactionStatus } from "../codec/types.js";
import type { Conversation } from "./conversation.js";
import { learn } from "./learn.js";

/** True: replies are on their way, and whoever waits is called again after each. */
export function waitForTarget(conversation: Conversation): boolean {
  if (conversation.settled) return false;
  if (conversation.unsynced > 0) conversation.flush();
  return true;
}

/** Sees to it that the settings which texts depend on are known; true: wait. */
export function contextUnknown(conversation: Conversation): boolean {
  if (!conversation.context.dirty) return false;
  if (waitForTarget(conversation)) return true;
  // In a failed transaction the target refuses all but its end.
  if (conversation.unsynced === 0 && conversation.status === transactionStatus.failed) return false;
  learn(conversation);
  return true;
}

/** True: wait for the target to be through with changes of its catalogue. */
export function definitionsUnknown(conversation: Conversation): boolean {
  if (!conversation.defining) return false;
  if (waitForTarget(conversation)) return true;
  conversation.defining = conversation.unsynced > 0;
  return false;
}
