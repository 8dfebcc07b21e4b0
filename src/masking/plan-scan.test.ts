import { expect, it } from "vitest";
import type { MaskPlan, ScanRule } from "../vocabulary/index.js";
import { withScan } from "./plan-scan.js";

const rules: readonly ScanRule[] = [
  { rule: "r", detect: ["email"], patterns: [], mask: { method: "redact" }, keys: false, bytes: false },
];
const plan: MaskPlan = {
  columns: new Map([["1.2", { method: "redact" }]]),
  proven: new Set(["1"]),
  others: { method: "redact" },
  text: { method: "redact" },
  copy: null,
};

it("leaves a plan as it is where nothing is looked for", () => {
  expect(withScan(plan, undefined, null)).toBe(plan);
  expect(withScan(plan, [], null)).toBe(plan);
  expect(withScan(null, [], [{ relation: 1, column: 2 }])).toBeNull();
});

it("adds to a plan, and makes one that masks nothing else", () => {
  expect(withScan(plan, rules, null)).toEqual({ ...plan, scan: { rules, alone: false } });
  expect(withScan(null, rules, [{ relation: 1, column: 2 }])).toEqual({
    columns: new Map(),
    proven: new Set(),
    others: null,
    text: null,
    copy: ["1.2"],
    scan: { rules, alone: true },
  });
  expect(withScan(null, rules, null)!.scan!.rules).toBe(rules);
});
