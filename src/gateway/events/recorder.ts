import { interests, type Reflexes } from "../../events/index.js";
import type { EntryDraft, Recorder } from "../../recording/index.js";

/**
 * A recorder that tells of what rules are interested in, once it is in the journal. For everything else it is one test of a bit, and
 * no object is made.
 */
export function watchedRecorder(recorder: Recorder, reflexes: Reflexes, slowMs: number): Recorder {
  return {
    append(entry, done) {
      if (entry.kind === "session-opened" && entry.cause !== undefined) reflexes.led(entry.session, entry.cause);
      else if (entry.kind === "session-closed") reflexes.over(entry.session);
      const interest = reflexes.interest();
      if (interest === 0 || (bitOf(entry, slowMs) & interest) === 0) return recorder.append(entry, done);
      recorder.append(entry, (error) => {
        done?.(error);
        if (error === null) reflexes.saw(entry);
      });
    },
    flush: () => recorder.flush(),
    healthy: () => recorder.healthy(),
    close: () => recorder.close(),
  };
}

function bitOf(entry: EntryDraft, slowMs: number): number {
  switch (entry.kind) {
    case "statement":
      return entry.outcome === "allow" ? 0 : entry.outcome === "deny" ? interests.denied : interests.held;
    case "statement-finished":
      return entry.maskedCells > 0 ||
        entry.outcome === "error" ||
        entry.durationMs > slowMs ||
        entry.budgets !== undefined ||
        entry.detected !== undefined
        ? interests.finished
        : 0;
    case "session-opened":
      return interests.opened;
    case "session-refused":
      return interests.refused;
    case "session-closed":
      return interests.closed;
    case "change":
      return interests.changed;
    default:
      return 0;
  }
}
