import { HoopError } from "../../vocabulary/index.js";
import type { Candidate } from "./dialect.js";
import type { TranscriptEvent } from "./transcript.js";
import { allow, deny, type Judge, Trial } from "./trial.js";

/** How much each side had been given and sent when the login was over. */
export interface Played {
  readonly trial: Trial;
  readonly atReady: { readonly client: number; readonly target: number };
}

/** Allows all but the texts that the transcript itself denies. */
export function judgeOf(events: readonly TranscriptEvent[]): Judge {
  const denials = new Map(
    events.flatMap((event) => (event.kind === "ask" && event.deny !== null ? [[event.text, event.deny] as const] : [])),
  );
  return (ask, id) => {
    const why = denials.get(ask.text);
    return why === undefined ? allow(id) : deny(why);
  };
}

/** Plays recorded events into a new session. `each` is called after every one of them; answering false stops there. */
export function play(
  candidate: Candidate,
  events: readonly TranscriptEvent[],
  judge: Judge = judgeOf(events),
  each: (trial: Trial, index: number) => boolean = () => true,
): Played {
  const trial = new Trial(candidate, { judge });
  const atReady = { client: 0, target: 0 };
  for (const [index, event] of events.entries()) {
    if (event.kind === "bytes") trial.receive(event.from, event.bytes);
    else if (event.kind === "closed")
      trial.close(event.from, new HoopError("unavailable", `the ${event.from} went away`));
    else if (event.kind === "ready") {
      atReady.client = trial.bytesTo("client").length;
      atReady.target = trial.bytesTo("target").length;
    }
    if (!each(trial, index)) break;
  }
  return { trial, atReady };
}

/** A session whose login is over, with a scripted target behind it. */
export function loggedIn(candidate: Candidate, options: { judge?: Judge; masks?: Candidate["masked"]["plan"] } = {}) {
  const target = candidate.createTarget();
  const trial = new Trial(candidate, { judge: options.judge, masks: options.masks, target });
  for (const chunk of candidate.hello) trial.receive("client", chunk);
  if (trial.over) throw new Error(`the login failed: ${trial.ended?.text ?? trial.malformed?.message}`);
  const mark = { client: trial.bytesTo("client").length, target: trial.bytesTo("target").length };
  return { trial, target, mark };
}
