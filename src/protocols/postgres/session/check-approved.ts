import type { Answer, ExpectedEffect } from "../../../protocol/index.js";
import type { Report } from "../errors.js";
import type { Portal } from "../statements.js";
import { canCheck, runCheckedPortal, runCheckedQuery } from "./checked-run.js";
import type { Conversation } from "./conversation.js";
import type { Forwarder } from "./forwarder.js";
import type { Held } from "./held.js";
import type { Judging } from "./judging.js";
import { waitForTarget } from "./target-waits.js";

/** A query was approved for what it did when it was tried: it runs under our eyes. */
export function checkQuery(
  judging: Judging,
  conversation: Conversation,
  forwarder: Forwarder,
  held: Extract<Held, { kind: "query" }>,
  answer: Extract<Answer, { outcome: "allow" }>,
  expects: ExpectedEffect,
): void {
  if (!canCheck(conversation, expects, held.text) || conversation.unsynced > 0) return judging.refuse(incomparable);
  judging.checking = true;
  forwarder.ranAside(held, answer);
  runCheckedQuery(conversation, held, answer.masks, expects, () => judging.checked());
}

/** The same for a portal, in its place among the client's messages. */
export function checkPortal(
  judging: Judging,
  conversation: Conversation,
  forwarder: Forwarder,
  held: Extract<Held, { kind: "execute" }>,
  portal: Portal,
  expects: ExpectedEffect,
): void {
  // Asked again when all replies are there, and then no question of ours may be on its way.
  held.ask = 0;
  if (conversation.working || waitForTarget(conversation)) return;
  portal.expects = "ran";
  if (!canCheck(conversation, expects, portal.statement.text)) return judging.refuse(incomparable);
  judging.checking = true;
  forwarder.portalRanAside(portal);
  runCheckedPortal(
    conversation,
    portal,
    expects,
    (frame) => {
      judging.checking = false;
      judging.pipelineFailed(frame);
    },
    () => judging.checked(),
  );
}

/** What came of its preparation is not known, or what runs instead of it cannot be written. */
const incomparable: Report = {
  severity: "ERROR",
  code: "40001",
  message: "hoop: it was approved as rehearsed, and its effect cannot be compared where it stands now",
  hint: "Run it again, as a query of its own.",
};
