import { type ClippedReader, MalformedError } from "../../../wire/index.js";
import { type CopyMasker, createCopyMasker } from "../copy/copy-masker.js";
import { scanCells } from "../scan-cells.js";
import type { Conversation } from "./conversation.js";
import type { Pending } from "./pending.js";

/** A COPY that may be taking data from the client, from its statement until the target settled it. */
export interface CopyTurn {
  readonly pending: Pending;
  /** The target wants data now. */
  wanted: boolean;
  /** Some data went out since it did. */
  sent: boolean;
  /** A Sync that waits until it is known whether the target would read it or, in copy mode, ignore it. */
  heldSync: boolean;
}

/** The target asks the client for data. */
export function wantsCopyData({ copy }: Conversation, head: Pending): void {
  if (copy === null || copy.pending !== head) {
    throw new MalformedError("the target wants copy data for a statement that is no COPY");
  }
  copy.wanted = true;
}

/** The target is about to send data; `reader` stands behind the head of its CopyOutResponse. */
export function copyBegins(conversation: Conversation, head: Pending, reader: ClippedReader): void {
  if (head.masks === null && head.meter === null) return;
  const binary = reader.uint8() === 1;
  head.copyBinary = binary;
  if (head.masks === null) return;
  const masker: CopyMasker | null | "unreadable" = createCopyMasker({
    text: head.copyText,
    binary,
    count: reader.uint16(),
    columns: head.copyColumns,
    plan: head.masks,
    key: conversation.maskKey,
    codec: conversation.context.codec,
    scan: scanCells(head.masks, conversation.maskKey, conversation.notes.detected),
  });
  if (masker === "unreadable") {
    conversation.fail("this form of COPY cannot be masked");
    return;
  }
  head.copyMasker = masker;
}

/** The statement that might have been a COPY from the client has shown what it is. True: somebody may have waited for that. */
export function copySettled(conversation: Conversation, head: Pending): boolean {
  const { copy } = conversation;
  if (copy === null || copy.pending !== head) return false;
  // A query of several statements may still hold a COPY.
  if (head.kind === "query" && conversation.pending.head === head) return false;
  conversation.copy = null;
  // Had the target read data, it had read and ignored the Sync before it.
  if (copy.heldSync && !copy.sent) {
    conversation.discarding = false;
    conversation.sync();
  }
  return true;
}

/** The last message of a binary COPY, which is no row. */
export function isTrailer({ copyBinary }: Pending, length: number): boolean {
  return copyBinary && length === 7;
}
