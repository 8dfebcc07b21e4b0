import { sqlState } from "../errors.js";
import type { Portal } from "../statements.js";
import { checkPortal } from "./check-approved.js";
import type { Conversation } from "./conversation.js";
import type { Forwarder } from "./forwarder.js";
import type { Held } from "./held.js";
import type { Judging } from "./judging.js";
import { waitForTarget } from "./target-waits.js";

type HeldExecute = Extract<Held, { kind: "execute" }>;

/** For Execute: false when it went out under the answer to its Bind, waits, or was refused; true: ask again. */
export function needsAnswer(
  judging: Judging,
  conversation: Conversation,
  forwarder: Forwarder,
  held: HeldExecute,
): boolean {
  const portal = conversation.portals.get(held.name, conversation.segment);
  if (portal === "unsettled") {
    if (waitForTarget(conversation)) return false;
    throw new Error("a portal name is unsettled and nothing is on its way");
  }
  if (portal === null) {
    refuseUnknown(judging, held);
    return false;
  }
  held.portal = portal;
  // SQL may have closed the name and declared a cursor under it since.
  if (held.name !== "" && portal.turn !== conversation.turn && !held.verified) {
    verify(judging, conversation, held, portal);
    return false;
  }
  // Since it was bound another cursor may have been opened under the name that it fetches from.
  const elsewhere = portal.cursorsAt !== null && portal.cursorsAt !== conversation.turn;
  if (portal.epoch !== conversation.epoch || elsewhere) return true;
  execute(judging, conversation, forwarder, held, portal);
  return false;
}

/** Runs a portal under the answer that it has. */
export function execute(
  judging: Judging,
  conversation: Conversation,
  forwarder: Forwarder,
  held: HeldExecute,
  portal: Portal,
): void {
  if (portal.expects === "ran")
    judging.refuse({ severity: "ERROR", code: "55000", message: `portal "${held.name}" cannot be run anymore` });
  else if (portal.expects !== null) checkPortal(judging, conversation, forwarder, held, portal, portal.expects);
  else {
    judging.sent();
    forwarder.execute(held.frame, portal);
  }
}

function verify(judging: Judging, conversation: Conversation, held: HeldExecute, portal: Portal): void {
  if (waitForTarget(conversation)) return;
  const text = "SELECT statement FROM pg_catalog.pg_cursors WHERE name = $1";
  judging.inquire(held, { text, values: [Buffer.from(held.name, "latin1")] }, (work) => {
    const row = work.answers[0]!.rows[0]?.[0];
    if (row != null && conversation.context.codec.decodeLoosely(row) === portal.statement.text) {
      held.verified = true;
      portal.turn = conversation.turn;
      return;
    }
    conversation.portals.forget(held.name);
    refuseUnknown(judging, held);
  });
}

function refuseUnknown(judging: Judging, { name }: HeldExecute): void {
  const code = sqlState.invalidCursorName;
  judging.refuse({ severity: "ERROR", code, message: `portal "${name}" does not exist` });
}
