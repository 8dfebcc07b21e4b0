import { HoopError } from "../../../vocabulary/index.js";
import type { Assertion, Candidate } from "../dialect.js";
import { judgeOf, play } from "../play.js";
import type { Transcript, TranscriptEvent } from "../transcript.js";
import { ComplianceError, type Judge, type Trial } from "../trial.js";

const minute = 60_000;

const endings: Readonly<Record<string, (trial: Trial) => void>> = {
  "the client leaves": (trial) => trial.close("client"),
  "the target leaves": (trial) => {
    trial.close("target", new HoopError("unavailable", "the target went away"));
    // A session that never had a target notices nothing; its client goes next.
    trial.close("client");
  },
  "an order to end": (trial) =>
    trial.control({ kind: "end", reason: { code: "killed", text: "an administrator ended it" } }),
  "a cancel, then the client leaves": (trial) => {
    trial.control({ kind: "cancel" });
    trial.close("client");
  },
  "a new rule, then the client leaves": (trial) => {
    trial.control({ kind: "rejudge" });
    trial.control({ kind: "notice", text: "rules changed" });
    trial.close("client");
  },
};

/** However it ends and whenever: it ends, and nothing is left behind. */
export const disconnect: Assertion = {
  number: 9,
  title: "cancel and disconnect in each state leave no timer and no open ask",
  check(candidate) {
    for (const transcript of candidate.transcripts) {
      const events = halved(transcript.events);
      const judge = judgeOf(events);
      for (let stop = 0; stop <= events.length; stop++)
        all(candidate, transcript, events.slice(0, stop), judge, `after ${stop} events`);
      const { trial } = play(candidate, events, judge);
      for (const held of trial.asks) {
        const hold: Judge = (ask, id) => (id === held.id ? "hold" : judge(ask, id));
        const where = `while ${JSON.stringify(held.ask.text)} is held`;
        all(candidate, transcript, events, hold, where, "stop");
        // The client has sent all that it ever will, its goodbye included.
        all(candidate, transcript, events, hold, `${where} and the client went on`, "client goes on");
      }
    }
  },
};

function all(
  candidate: Candidate,
  transcript: Transcript,
  events: readonly TranscriptEvent[],
  judge: Judge,
  where: string,
  atHold: "stop" | "client goes on" = "stop",
): void {
  for (const [word, end] of Object.entries(endings)) {
    let stop = events.length;
    const { trial } = play(candidate, events, judge, (now, index) => {
      if (now.open.size > 0) stop = index;
      return now.open.size === 0;
    });
    try {
      for (const event of atHold === "stop" ? [] : events.slice(stop + 1)) {
        if (event.kind === "bytes" && event.from === "client") trial.receive("client", event.bytes);
      }
      end(trial);
      trial.advance(minute);
      if (!trial.over) throw new ComplianceError("the session does not end");
      const [open] = trial.open.values();
      if (trial.ended && open) throw new ComplianceError(`the ask for ${JSON.stringify(open.ask.text)} is still open`);
      if (trial.ended) trial.afterEnd();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new ComplianceError(`${transcript.name} ${where}, ${word}: ${message}`, { cause: error });
    }
  }
}

/** Each chunk in two, so that there are states in the middle of messages. */
function halved(events: readonly TranscriptEvent[]): readonly TranscriptEvent[] {
  return events.flatMap((event) => {
    if (event.kind !== "bytes" || event.bytes.length < 2) return [event];
    const middle = event.bytes.length >> 1;
    return [
      { ...event, bytes: event.bytes.subarray(0, middle) },
      { ...event, bytes: event.bytes.subarray(middle) },
    ];
  });
}
