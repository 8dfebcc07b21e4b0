import { expect, test } from "vitest";
import { WordSearch } from "./word-search.js";

test("answers for each text, asked once or again", () => {
  const execute = new WordSearch(/execute/i);
  for (const [text, found] of [
    ["", false],
    ["EXECUTE s", true],
    ["EXECUTE s", true],
    ["select 1", false],
    [`${"x".repeat(5_000)} execute`, true],
    ["select 1", false],
    ["", false],
  ] as const)
    expect(execute.in(text)).toBe(found);
});
