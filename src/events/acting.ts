import { AsyncLocalStorage } from "node:async_hooks";
import type { Cause, EventSubject } from "./event.js";

/** In whose name something is done, and what led to it. */
export interface Acting {
  /** Null: Hoop itself. */
  readonly subject: EventSubject | null;
  /** Empty: no rule did. */
  readonly cause: readonly Cause[];
}

const acting = new AsyncLocalStorage<Acting>();
const itself: Acting = { subject: null, cause: [] };

/**
 * Runs an act in somebody's name: the events that the store writes in its transactions say who it was and which rules led to it.
 * Stores need not hand both through every port for that.
 */
export function actingAs<T>(who: Acting, act: () => Promise<T>): Promise<T> {
  return acting.run(who, act);
}

/** Who acts now, and why. */
export function actingNow(): Acting {
  return acting.getStore() ?? itself;
}
