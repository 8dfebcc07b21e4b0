import { actingAs } from "../events/index.js";
import type { Actor, Recorder } from "../recording/recorder.js";
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
    const who = caller === null ? null : { id: caller.subject.id, name: caller.subject.name };
    // Events of what it changes say who did it.
    const { answer, entry, by } = who === null ? await act() : await actingAs({ subject: who, cause: [] }, act);
    const subject = by ?? caller?.subject;
    if (subject === undefined) throw new TypeError(`nobody did ${entry.what}`);
    const { id, name, onBehalfOf } = subject;
    const person = onBehalfOf === undefined ? {} : { onBehalfOf: { subject: onBehalfOf.id, name: onBehalfOf.name } };
    await append(recorder, { subject: id, name, ...person }, entry);
    return answer;
  };
}

function append(recorder: Recorder, actor: Actor, entry: ChangeEntry): Promise<void> {
  return new Promise((resolve, reject) => {
    recorder.append({ kind: "change", actor, ...entry }, (error) => (error === null ? resolve() : reject(error)));
  });
}
