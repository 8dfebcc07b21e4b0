import { expect, it } from "vitest";
import { takePurpose } from "./purpose.js";

it.each([
  [{ options: "-c hoop.purpose=Support" }, "support", {}],
  [{ options: "-choop.purpose=support -c geqo=off" }, "support", { options: "-c geqo=off" }],
  [{ options: "-c geqo=off --hoop.purpose=support" }, "support", { options: "-c geqo=off" }],
  [{ "hoop.purpose": "fraud-desk", options: "-c geqo=off" }, "fraud-desk", { options: "-c geqo=off" }],
  [{ options: "-c geqo=off" }, null, { options: "-c geqo=off" }],
  [{ options: "-c xhoop.purpose=support" }, null, { options: "-c xhoop.purpose=support" }],
  [{ options: "-c hoop.purpose=two\\ words" }, undefined, {}],
  [{ "hoop.purpose": "" }, undefined, {}],
  [{ "hoop.purpose": "x".repeat(64) }, undefined, {}],
  [{ application_name: "psql" }, null, { application_name: "psql" }],
])("of %j takes %j and leaves %j", (given, purpose, left) => {
  const parameters = new Map(Object.entries(given) as [string, string][]);
  expect(takePurpose(parameters)).toBe(purpose);
  expect(Object.fromEntries(parameters)).toEqual(left);
});
