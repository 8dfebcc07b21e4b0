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

let acts = 0;

/**
 * Runs an act in somebody's name: the events that the store writes in its transactions say who it was and which rules led to it.
 * Stores need not hand both through every port for that.
 *
 * Until Node 24 the storage makes every promise and callback of the process dearer for as long as it is on, those of lanes
 * too, so it is on only while somebody acts.
 */
export async function actingAs<T>(who: Acting, act: () => Promise<T>): Promise<T> {
  acts++;
  try {
    return await acting.run(who, act);
  } finally {
    if (--acts === 0) acting.disable();
  }
}

/** Who acts now, and why. */
export function actingNow(): Acting {
  return acting.getStore() ?? itself;
}
