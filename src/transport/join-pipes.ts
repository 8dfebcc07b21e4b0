import type { Pipe, PipeAbort, PipeSink } from "./pipe.js";

/**
 * Starts both pipes and carries bytes both ways, with back-pressure, half-closes and reasons, until both are closed.
 * Resolves with the abort that came first, or null.
 */
export function joinPipes(a: Pipe, b: Pipe): Promise<PipeAbort | null> {
  return new Promise((resolve) => {
    let open = 2;
    let first: PipeAbort | null = null;
    const sink = (from: Pipe, to: Pipe): PipeSink => ({
      data: (chunk) => {
        if (!to.write(chunk)) from.pause();
      },
      end: () => to.end(),
      drain: () => to.resume(),
      closed: (abort) => {
        if (abort !== null) {
          first ??= abort;
          to.abort(abort);
        }
        if (--open === 0) resolve(first);
      },
    });
    a.start(sink(a, b));
    b.start(sink(b, a));
  });
}
