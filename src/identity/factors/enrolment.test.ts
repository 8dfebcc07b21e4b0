import { expect, test } from "vitest";
import { obligationOf } from "./enrolment.js";
import type { EnrolmentPolicy } from "./store.js";

const day = 86_400_000;
const policy = (more: Partial<EnrolmentPolicy>): EnrolmentPolicy => ({
  mode: "required",
  groups: ["admins"],
  graceMs: 7 * day,
  since: new Date(100 * day),
  ...more,
});
const ada = { kind: "person", groups: ["admins"], createdAt: new Date(0) } as const;

test("people in the groups are meant, from when it was set or they were added", () => {
  expect(obligationOf(policy({}), ada)).toEqual({ required: true, deadline: new Date(107 * day) });
  const late = { ...ada, createdAt: new Date(200 * day) };
  expect(obligationOf(policy({}), late)).toEqual({ required: true, deadline: new Date(207 * day) });
  expect(obligationOf(policy({ graceMs: 0 }), ada)).toEqual({ required: true, deadline: new Date(100 * day) });
});

test("no groups mean everybody, machines are never meant, and optional means nobody", () => {
  expect(obligationOf(policy({ groups: [] }), { ...ada, groups: [] }).required).toBe(true);
  expect(obligationOf(policy({}), { ...ada, groups: ["engineers"] }).required).toBe(false);
  expect(obligationOf(policy({ groups: [] }), { ...ada, kind: "service" }).required).toBe(false);
  expect(obligationOf(policy({ mode: "optional" }), ada).required).toBe(false);
});
