import type { Answer } from "../../../protocol/index.js";
import { transactionStatus } from "../codec/types.js";
import { copyColumns, copyQuestion } from "../copy/copy-columns.js";
import { sqlFacts } from "./context.js";
import type { Conversation } from "./conversation.js";
import type { Held } from "./held.js";
import type { Judging } from "./judging.js";
import { waitForTarget } from "./target-waits.js";

/** A FETCH returns what its cursor was declared for: asks which are open. True: wait. */
export function askCursors(judging: Judging, conversation: Conversation, held: Held, text: string): boolean {
  const runs = held.kind === "query" || held.kind === "bind" || held.kind === "execute";
  if (!runs || held.cursors !== undefined || !conversation.cursors.mayFetch(text)) return false;
  if (waitForTarget(conversation)) return true;
  // In a failed transaction the target answers nobody.
  if (conversation.status === transactionStatus.failed) return false;
  judging.inquire(held, conversation.cursors.question, (work) => {
    held.cursors = conversation.cursors.open(work, conversation.context.codec);
  });
  return true;
}

/**
 * A COPY does not say where its columns come from and what type they are: a Describe of its query, or the catalogue for
 * a table, does. True: asked, `then` is called when they are known.
 */
export function askCopyColumns(
  judging: Judging,
  conversation: Conversation,
  held: Extract<Held, { kind: "query" | "bind" }>,
  { analysis, masks }: Extract<Answer, { outcome: "allow" }>,
  then: () => void,
): boolean {
  if (masks === null) return false;
  const question = copyQuestion(sqlFacts(analysis).copyQuery, masks, conversation.context.codec);
  if (question === null) return false;
  judging.inquire(held, question, (work) => {
    // What could not be learned is masked as of unknown origin.
    held.columns = work.failure === null ? copyColumns(work.answers[0]!, masks) : [];
    then();
  });
  return true;
}
