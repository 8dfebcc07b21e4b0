import { setMaxListeners } from "node:events";

/**
 * A signal that aborts after `ms` milliseconds (reason: a `TimeoutError`), or when one of `others` does, with its reason.
 *
 * Node's own `AbortSignal.timeout` is held weakly by its timer and by `AbortSignal.any`: after a garbage collection the two
 * together may never fire (nodejs/node 57736). This one is held by its timer, so it is there until it has fired. The timer
 * does not keep the process alive.
 */
export function deadline(ms: number, ...others: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = others.find((other) => other.aborted);
  if (aborted !== undefined) {
    controller.abort(aborted.reason);
    return signal;
  }
  const end = (reason: unknown): void => {
    clearTimeout(timer);
    for (const other of others) other.removeEventListener("abort", passOn);
    controller.abort(reason);
  };
  const passOn = (event: Event): void => end((event.target as AbortSignal).reason);
  const timer = setTimeout(
    () => end(new DOMException("The operation was aborted due to timeout", "TimeoutError")),
    Math.min(ms, maxTimer),
  );
  timer.unref();
  // A signal that lives long ends many waits at a time; each listener goes with its timer.
  setMaxListeners(0, ...others);
  for (const other of others) other.addEventListener("abort", passOn, { once: true });
  return signal;
}

/** The longest that a timer of Node can be set to; a longer one would fire at once. */
const maxTimer = 2 ** 31 - 1;
