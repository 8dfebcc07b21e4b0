import { expect, test } from "vitest";
import type { Entry } from "../../web/src/api/types.js";
import { timelineOf } from "../../web/src/pages/sessions/timeline.js";

let seq = 0;
const entry = (kind: string, fields: object): Entry => ({ chain: "c", seq: ++seq, time: 1_000 + seq, kind, ...fields });
const statement = (id: string, fields: object = {}) =>
  entry("statement", { statement: id, outcome: "allow", reasons: [], shown: "select ?", analysis: null, ...fields });
const finished = (id: string, fields: object = {}) =>
  entry("statement-finished", {
    statement: id,
    outcome: "ok",
    rows: 2,
    bytes: 10,
    maskedCells: 1,
    durationMs: 5,
    ...fields,
  });

test("a statement and what came of it are one item, also when others came between", () => {
  const items = timelineOf([statement("s:1"), statement("s:2"), finished("s:1", { rows: 7 }), finished("s:2")]);
  expect(items).toMatchObject([
    { kind: "statement", finished: { rows: 7, maskedCells: 1 } },
    { kind: "statement", finished: { rows: 2 } },
  ]);
});

test("a portal that is read in parts is counted together", () => {
  const items = timelineOf([
    statement("s:1"),
    finished("s:1", { outcome: "suspended" }),
    finished("s:1", { outcome: "suspended" }),
    finished("s:1"),
  ]);
  expect(items).toMatchObject([{ finished: { outcome: "ok", rows: 6, bytes: 30, maskedCells: 3, durationMs: 15 } }]);
});

test("text that could not be shown and an analysis that is sealed apart stay so", () => {
  const [item] = timelineOf([statement("s:1", { shown: null, analysis: { payload: "ab", bytes: 9_000 } })]);
  expect(item).toMatchObject({ shown: null, analysis: null });
});

test("refusals carry their reasons; kinds that a later gateway adds are named", () => {
  const reasons = [{ rule: null, code: "no-access", text: "no rule allows it" }];
  expect(
    timelineOf([entry("session-refused", { from: "10.0.0.1", reasons }), entry("teleported", {}), finished("s:9")]),
  ).toMatchObject([
    { kind: "mark", tone: "bad", reasons },
    { kind: "mark", text: "teleported" },
    { kind: "mark", text: "statement-finished" },
  ]);
});
