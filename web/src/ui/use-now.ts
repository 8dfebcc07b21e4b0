import { useSyncExternalStore } from "react";

const every = 15_000;
const listeners = new Set<() => void>();
let now = Date.now();
let timer: number | undefined;

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    now = Date.now();
    timer = window.setInterval(() => {
      now = Date.now();
      for (const told of listeners) told();
    }, every);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) window.clearInterval(timer);
  };
}

/** The time, a few times a minute; one timer for everything that shows how long ago something was. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
