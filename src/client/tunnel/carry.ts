import type { Pipe, PipeAbort, PipeSink } from "../../transport/index.js";
import { type HeadStart, HeadStartUse } from "./head-start.js";
import type { RefusalFactory } from "./refusal/index.js";
import { refuse } from "./refuse.js";

/** What of the client's first words is kept, in case the tunnel itself must answer them. */
const maxKept = 16 * 1024;
/** What the gateway said last is worth this long a wait for a client that reads slowly. */
const lastWordsMs = 2_000;

/** How a carried connection ended; null: in order. */
export type CarryEnd = PipeAbort | null;

/**
 * Joins an accepted connection and its lane: one write a chunk, back-pressure both ways, half-close as half-close, abort
 * as abort. While the gateway has said nothing, a lane that fails is told to the client in its protocol's own words.
 */
export function carry(
  local: Pipe,
  lane: Pipe,
  refusal: RefusalFactory | undefined,
  done: (end: CarryEnd) => void,
  headStart?: HeadStart,
): void {
  let early = headStart === undefined ? null : new HeadStartUse(headStart);
  let outcome: CarryEnd = null;
  let open = 2;
  let laneOver = false;
  const over = () => {
    if (--open === 0) done(outcome);
  };

  let heard: Buffer[] | null = [];
  let heardBytes = 0;
  let localSink: PipeSink = {
    data(chunk) {
      if (heard !== null) keep(chunk);
      const told = early?.fromClient(chunk) ?? null;
      if (told !== null) {
        local.write(told);
        // It speaks TLS now: words of ours could not be read.
        heard = null;
      }
      if (!lane.write(chunk)) local.pause();
    },
    end: () => lane.end(),
    drain: () => lane.resume(),
    closed(abort) {
      if (abort) {
        outcome ??= abort;
        if (!laneOver) lane.abort(abort);
      }
      over();
    },
  };
  const keep = (chunk: Buffer) => {
    heardBytes += chunk.length;
    // The lane owns the chunk from its write on.
    if (heardBytes <= maxKept) heard?.push(Buffer.from(chunk));
    else heard = null;
  };

  local.start({
    data: (chunk) => localSink.data(chunk),
    end: () => localSink.end(),
    drain: () => localSink.drain(),
    closed: (abort) => localSink.closed(abort),
  });
  lane.start({
    data(chunk) {
      heard = null;
      let rest: Buffer | null = chunk;
      if (early !== null) {
        rest = early.fromGateway(chunk);
        early = null;
        if (rest === null) {
          const why: PipeAbort = { code: "unavailable", text: "the gateway takes no TLS here any more; connect again" };
          lane.abort(why);
          return local.abort(why);
        }
      }
      if (!local.write(rest)) lane.pause();
    },
    end: () => local.end(),
    drain: () => local.resume(),
    closed(abort) {
      laneOver = true;
      early?.refused();
      if (abort) {
        outcome ??= abort;
        if (heard !== null && lane.bytesIn === 0) {
          localSink = refuse(local, abort, refusal, heard, over);
          local.resume();
        } else
          abortWhenRead(local, abort, (sink) => {
            localSink = sink(localSink);
          });
      }
      over();
    },
  });
}

/** A reset throws away what was not sent yet, and that may be the very error that explains it. */
function abortWhenRead(local: Pipe, why: PipeAbort, swap: (change: (sink: PipeSink) => PipeSink) => void): void {
  if (local.buffered === 0) {
    local.abort(why);
    return;
  }
  const timer = setTimeout(() => local.abort(why), lastWordsMs);
  swap((sink) => ({
    data: () => {},
    end: () => {},
    drain: () => local.abort(why),
    closed(abort) {
      clearTimeout(timer);
      sink.closed(abort);
    },
  }));
}
