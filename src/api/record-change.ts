import type { Recorder } from "../recording/recorder.js";
import { HoopError } from "../vocabulary/index.js";
import type { ChangeEntry, RouteContext } from "./app.js";

/** See `RouteContext.change`. */
export function recordChanges(recorder: Recorder): RouteContext["change"] {
  return async (caller, act) => {
    if (!recorder.healthy()) {
      throw new HoopError("unavailable", "changes cannot be recorded now, so none are made", {
        hint: "is the gateway's disk full? see its log",
      });
    }
    const { answer, entry, by } = await act();
    const subject = by ?? caller?.subject;
    if (subject === undefined) throw new TypeError(`nobody did ${entry.what}`);
    await append(recorder, { subject: subject.id, name: subject.name }, entry);
    return answer;
  };
}

function append(recorder: Recorder, actor: { subject: string; name: string }, entry: ChangeEntry): Promise<void> {
  return new Promise((resolve, reject) => {
    recorder.append({ kind: "change", actor, ...entry }, (error) => (error === null ? resolve() : reject(error)));
  });
}
