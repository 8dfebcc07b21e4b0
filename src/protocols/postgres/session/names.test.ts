import { expect, test } from "vitest";
import { Names } from "./names.js";

test("a name counts in its own pipeline at once, beyond it only when the target confirmed it", () => {
  const names = new Names<string>();
  names.propose("s", "new", 1);
  expect(names.get("s", 1)).toBe("new");
  expect(names.get("s", 2)).toBe("unsettled");
  names.confirm("s", "new");
  expect(names.get("s", 2)).toBe("new");
});

test("a refused name keeps its old meaning", () => {
  const names = new Names<string>();
  names.propose("s", "old", 1);
  names.confirm("s", "old");
  names.propose("s", "new", 2);
  names.refuse("s", "new");
  expect(names.get("s", 3)).toBe("old");
});

test("the latest of several proposals stands until it is settled itself", () => {
  const names = new Names<string>();
  names.propose("s", "one", 1);
  names.propose("s", null, 1);
  names.propose("s", "two", 1);
  names.confirm("s", "one");
  expect(names.get("s", 1)).toBe("two");
  expect(names.get("s", 2)).toBe("unsettled");
  names.confirm("s", null);
  names.refuse("s", "two");
  expect(names.get("s", 2)).toBe(null);
});
