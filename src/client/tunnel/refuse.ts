import type { Pipe, PipeAbort, PipeSink } from "../../transport/index.js";
import type { RefusalFactory } from "./refusal/index.js";

/** A client that does not come to hear why gets no more time than this. */
const patienceMs = 5_000;

/**
 * Tells a client of `local` why it is refused and ends the connection; returns the sink that goes on from here. `heard`
 * is what the client said before.
 */
export function refuse(
  local: Pipe,
  why: PipeAbort,
  factory: RefusalFactory | undefined,
  heard: readonly Buffer[],
  closed: () => void,
): PipeSink {
  const timer = setTimeout(() => local.abort(why), patienceMs);
  const refusal = factory?.(why.text);
  let over = false;
  const receive = (chunk: Buffer) => {
    if (over || !refusal) return;
    const answer = refusal.receive(chunk);
    if (answer.send) local.write(answer.send);
    if (!answer.over) return;
    over = true;
    local.end();
  };
  if (refusal) for (const chunk of heard) receive(chunk);
  else local.abort(why);
  return {
    data: receive,
    end: () => {
      over = true;
      local.end();
    },
    drain: () => {},
    closed: () => {
      clearTimeout(timer);
      closed();
    },
  };
}
