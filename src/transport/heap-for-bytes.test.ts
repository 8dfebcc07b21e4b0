import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { heapFlag } from "./heap-for-bytes.js";

// The engine says what it does not know on standard error and goes on; nothing else would tell that the flag has another name now.
const saidOf = (flag: string) =>
  spawnSync(process.execPath, ["-e", "require('v8').setFlagsFromString(process.argv[1])", "--", flag], {
    encoding: "utf8",
  }).stderr;

it("is a flag that this engine knows", () => {
  expect(saidOf("--no-such-flag-of-the-engine")).toContain("unrecognized");
  expect(saidOf(heapFlag)).toBe("");
});
