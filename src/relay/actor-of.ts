import type { Actor } from "../recording/recorder.js";
import type { Subject } from "../vocabulary/index.js";

/** Who did something, as it is written down. */
export function actorOf(subject: Subject): Actor {
  const { id, name, onBehalfOf } = subject;
  return onBehalfOf === undefined
    ? { subject: id, name }
    : { subject: id, name, onBehalfOf: { subject: onBehalfOf.id, name: onBehalfOf.name } };
}
