import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Allocation, numberFromAddress, ownAddress, parseSubnet } from "./allocate.js";

const subnet = parseSubnet("127.77.0.0/16");

describe("the allocation of addresses", () => {
  it("gives every name one address of its own inside the range, never one of the tunnel's", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/), { maxLength: 60 }), (names) => {
        const small = parseSubnet("127.5.0.0/25");
        const allocation = new Allocation(small);
        const addresses = names.map((name) => allocation.addressOf(name));
        expect(new Set(addresses).size).toBe(names.length);
        for (const address of addresses) {
          const offset = numberFromAddress(address)! - small.base;
          expect(offset).toBeGreaterThanOrEqual(16);
          expect(offset).toBeLessThan(small.size - 1);
        }
        expect(names.map((name) => allocation.addressOf(name))).toEqual(addresses);
      }),
    );
  });

  it("depends on the name alone while nothing collides", () => {
    const one = new Allocation(subnet);
    one.addressOf("first");
    expect(one.addressOf("pg-prod")).toBe(new Allocation(subnet).addressOf("pg-prod"));
  });

  it("keeps what it gave over a restart, and forgets lines that do not fit", () => {
    const before = new Allocation(subnet);
    const address = before.addressOf("pg-prod");
    const kept = [
      ...before.toJSON(),
      ["other", address],
      ["outside", "10.0.0.1"],
      ["own", "127.77.0.1"],
      ["bad", "x"],
    ] as [string, string][];
    expect(new Allocation(subnet, kept).toJSON()).toEqual([["pg-prod", address]]);
  });

  it("moves a name away from what is taken", () => {
    const allocation = new Allocation(subnet);
    const address = allocation.addressOf("pg-prod");
    const other = allocation.moveAway("pg-prod", new Set([address]));
    expect(other).not.toBe(address);
    expect(allocation.addressOf("pg-prod")).toBe(other);
  });

  it("forgets the longest unseen when too many are remembered, never one in use", () => {
    const small = parseSubnet("127.5.0.0/25");
    const allocation = new Allocation(small);
    for (let i = 0; i < 40; i++) allocation.addressOf(`n${i}`);
    allocation.trim(new Set(["n0"]));
    const names = allocation.toJSON().map(([name]) => name);
    expect(names).toHaveLength(32);
    expect(names).toContain("n0");
    expect(names).not.toContain("n1");
  });

  it("says when nothing is left", () => {
    const allocation = new Allocation(parseSubnet("127.5.0.0/26"));
    for (let i = 0; i < 47; i++) allocation.addressOf(`n${i}`);
    expect(() => allocation.addressOf("one-more")).toThrow(/no loopback address is left/);
  });

  it.each([
    "10.0.0.0/16",
    "127.77.0.0",
    "127.77.0.0/8",
    "127.77.0.1/16",
    "127.77.0.0/33",
    "127.300.0.0/16",
    "0127.77.0.0/16",
  ])("refuses the range %s", (text) => {
    expect(() => parseSubnet(text)).toThrow(/range/);
  });

  it("has its own two addresses", () => {
    expect([ownAddress(subnet, 1), ownAddress(subnet, 2)]).toEqual(["127.77.0.1", "127.77.0.2"]);
  });
});
