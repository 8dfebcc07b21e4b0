import { describe, expect, it } from "vitest";
import { type Subject, subjectId } from "../vocabulary/index.js";
import type { ExecutePorts, Execution } from "./execute.js";
import { interruptedText, undoInterrupted } from "./interrupted.js";
import { noResult, type Run, type StepRecord, type StepState } from "./run.js";
import { loadRunbook } from "./runbook.js";

const runbook = loadRunbook(`---
apiVersion: hoop/v1
kind: runbook
metadata: { name: work }
spec:
  steps:
    - { name: safe, connection: pg, sql: "select 1", compensate: { sql: "select 'undo safe'", afterInterruption: true } }
    - { name: other, connection: pg, sql: "select 2", compensate: { sql: "select 'undo other'" } }
    - { name: maybe, connection: pg, sql: "select 3", onFailure: continue }
    - { name: last, connection: pg, sql: "select 4" }
---
`);
const subject: Subject = {
  ...{ id: subjectId("00000000-0000-4000-8000-000000000001"), kind: "person", name: "ada", groups: [], version: 1 },
};
const of = { run: { id: "r", asker: subject, cause: [] } as unknown as Run, runbook, subject, values: {} } as Execution;

function record(n: number, phase: StepRecord["phase"], name: string, state: StepState): StepRecord {
  const startedAt = new Date(0);
  const result = state === "succeeded" ? noResult : null;
  return {
    n,
    phase,
    name,
    state,
    connection: "pg",
    session: null,
    startedAt,
    endedAt: null,
    sent: "",
    result,
    error: null,
  };
}

/** What is sent for a run that came as far as these, and what is said of it. */
async function undoneAfter(steps: readonly StepRecord[], failing: readonly string[] = [], lost = false) {
  const sent: string[] = [];
  const noted: number[] = [];
  const ports: ExecutePorts = {
    lanes: {
      async send(_, sending) {
        const text = sending.kind === "sql" ? sending.text : "";
        sent.push(text);
        if (failing.includes(text)) throw new Error("no");
        return noResult;
      },
    },
    async note({ n }) {
      if (lost) throw new Error("another gateway has it");
      noted.push(n);
    },
    now: () => 0,
  };
  const undone = await undoInterrupted(ports, of, steps);
  return { sent, noted: [...new Set(noted)], text: undone && interruptedText(of, steps, undone) };
}

const [safe, other] = ["select 'undo safe'", "select 'undo other'"];
const went = "its gateway went away";

describe("an interrupted run", () => {
  it("that had not begun leaves nothing to undo", async () => {
    expect(await undoneAfter([])).toEqual({ sent: [], noted: [], text: `${went} before its first step` });
  });

  it("is undone where that is safe, and says what is left", async () => {
    const steps = [record(0, "step", "safe", "succeeded"), record(1, "step", "other", "succeeded")];
    expect(await undoneAfter(steps)).toEqual({
      ...{ sent: [safe], noted: [2] },
      text: `${went} between two steps; undone: safe; left as it is: other`,
    });
    expect(await undoneAfter([record(0, "step", "safe", "running")])).toEqual({
      ...{ sent: [safe], noted: [1] },
      text: `${went} during step safe; whether that was done is not known; undone: safe`,
    });
    expect((await undoneAfter([record(0, "step", "safe", "succeeded")], [safe])).text).toBe(
      `${went} between two steps; could not be undone: safe`,
    );
  });

  it("that had failed before is undone as it would have been, for what it did is known", async () => {
    const steps = [
      record(0, "step", "safe", "succeeded"),
      record(1, "step", "other", "succeeded"),
      record(2, "step", "maybe", "failed"),
    ];
    // A step that may fail is no end of a run.
    expect((await undoneAfter(steps)).sent).toEqual([safe]);
    const failed = [...steps, record(3, "step", "last", "failed")];
    expect(await undoneAfter(failed)).toEqual({
      ...{ sent: [other, safe], noted: [4, 5] },
      text: `step last failed, and ${went} between two steps; undone: other, safe`,
    });
  });

  it("is not undone twice when its second gateway goes away as well", async () => {
    const steps = [
      record(0, "step", "safe", "succeeded"),
      record(1, "step", "other", "succeeded"),
      record(2, "step", "last", "failed"),
    ];
    expect(await undoneAfter([...steps, record(3, "compensation", "other", "succeeded")])).toMatchObject({
      sent: [safe],
    });
    // Whether it was undone is not known, and to do it again is not said to be safe.
    expect(await undoneAfter([...steps, record(3, "compensation", "other", "interrupted")])).toEqual({
      ...{ sent: [safe], noted: [4] },
      text: `step last failed, and ${went} while step other was being undone; undone: safe; left as it is: other`,
    });
    const both = [...steps, record(3, "compensation", "other", "failed"), record(4, "compensation", "safe", "running")];
    expect(await undoneAfter(both)).toEqual({
      ...{ sent: [safe], noted: [5] },
      text: `step last failed, and ${went} while step safe was being undone; undone: safe; could not be undone: other`,
    });
  });

  it("of which another gateway has taken hold is left alone", async () => {
    const steps = [record(0, "step", "safe", "succeeded")];
    expect(await undoneAfter(steps, [], true)).toEqual({ sent: [], noted: [], text: null });
  });
});
