import { expect, it } from "vitest";
import { createStrangers } from "./strangers.js";

function gate(most: number) {
  const strangers = createStrangers(most);
  const closed: string[] = [];
  let port = 0;
  const come = (address: string): string => {
    const id = `${address} ${++port}`;
    strangers.came(id, address, () => closed.push(id));
    return id;
  };
  return { strangers, closed, come };
}

it("past their number the oldest of the largest network goes, and nobody else", () => {
  const { closed, come } = gate(4);
  come("192.0.2.1");
  const flood = [come("198.51.100.7"), come("198.51.100.7"), come("198.51.100.7")];
  expect(closed).toEqual([]);
  come("192.0.2.2");
  come("192.0.2.3");
  expect(closed).toEqual(flood.slice(0, 2));
});

it("who has proven itself, or is gone, is not counted and not closed", () => {
  const { strangers, closed, come } = gate(2);
  const known = come("192.0.2.1");
  strangers.left(known);
  strangers.left(known);
  const gone = come("192.0.2.1");
  strangers.left(gone);
  come("192.0.2.1");
  come("192.0.2.1");
  expect(closed).toEqual([]);
});

it.each([
  ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true],
  ["2001:db8:1:2::1", "2001:db8:1:3::1", false],
  ["::ffff:192.0.2.1", "192.0.2.1", true],
  ["192.0.2.1", "192.0.2.2", false],
])("%s and %s are one network: %s", (one, other, same) => {
  const { closed, come } = gate(3);
  come("203.0.113.1");
  const oldest = come(one);
  come(other);
  come("203.0.113.9");
  expect(closed[0] === oldest).toBe(same);
});
