import { expect, test, vi } from "vitest";
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

test("what weighs is what the target has, also replaced, closed and forgotten", () => {
  const names = new Names<{ readonly size: number }>(({ size }) => size);
  const take = (name: string, size: number): void => {
    const value = { size };
    names.propose(name, value, 1);
    expect(names.settled(name)).not.toBe(value);
    names.confirm(name, value);
    expect(names.settled(name)).toBe(value);
  };
  take("a", 5);
  take("b", 7);
  take("", 3);
  expect(names.weight).toBe(15);
  take("a", 1);
  expect(names.weight).toBe(11);
  names.propose("b", null, 2);
  names.confirm("b", null);
  expect(names.weight).toBe(4);
  expect([...names.confirmed()].map(([name]) => name)).toEqual(["", "a"]);
  names.forgetAll();
  expect(names.weight).toBe(0);
  expect([...names.confirmed()]).toEqual([]);
});

test("what has grown since is weighed again, while it is what the name means", () => {
  const names = new Names<{ size: number }>(({ size }) => size);
  const [one, two] = [{ size: 1 }, { size: 2 }];
  names.confirm("a", one);
  one.size = 100;
  expect(names.weight).toBe(1);
  names.weighAgain("a", one);
  expect(names.weight).toBe(100);
  one.size = 50;
  names.confirm("a", two);
  expect(names.weight).toBe(2);
  names.weighAgain("a", one);
  names.weighAgain("b", one);
  expect(names.weight).toBe(2);
  names.forget("a");
  expect(names.weight).toBe(0);
});

test("who forgets all looks at what is known, not at what is under way", () => {
  const names = new Names<object>();
  for (let n = 0; n < 10_000; n++) names.propose(`p${n}`, {}, 1);
  const keys = vi.spyOn(Map.prototype, "keys");
  const get = vi.spyOn(Map.prototype, "get");
  try {
    for (let n = 0; n < 100; n++) names.forgetAll();
    expect(keys.mock.calls.length + get.mock.calls.length).toBeLessThan(1_000);
  } finally {
    keys.mockRestore();
    get.mockRestore();
  }
});
