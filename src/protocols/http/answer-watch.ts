import type { Readable } from "node:stream";
import { HoopError } from "../../vocabulary/index.js";
import type { Presence } from "./presence.js";

/** What is known of an answer while its body comes. */
export interface AnswerWatch {
  /** Bytes of the body so far, as the target sent them. */
  bytes: number;
  /** The target stopped in the middle, and nobody had asked it to. */
  readonly brokenOff: HoopError | null;
  /** Called when the body has ended, before the client is told so. Throws where that was no end. */
  ensureWhole(): void;
}

/**
 * Tells a target that breaks off from a client that leaves. Either destroys the other's stream within the same moment, so that it
 * only counts who was first.
 */
export function watchAnswer(
  answer: { readonly body: Readable; readonly whole: () => boolean },
  client: Presence,
): AnswerWatch {
  const { body, whole } = answer;
  let brokenOff: HoopError | null = null;
  const stopped = (cause?: Error) => {
    if (!client.left) brokenOff ??= new HoopError("unavailable", "the target broke off its answer", { cause });
  };
  body.once("error", stopped);
  body.once("close", () => {
    if (!body.readableEnded) stopped();
  });
  return {
    bytes: 0,
    get brokenOff() {
      return brokenOff;
    },
    ensureWhole() {
      if (!whole()) stopped();
      if (brokenOff !== null) throw brokenOff;
    },
  };
}
