import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kindOf, parseAddress } from "../transport/addresses.js";
import { createAllowList } from "./allow-list.js";
import { parseAllowRule } from "./allow-rule.js";

const names: Readonly<Record<string, readonly string[]>> = {
  "pg.internal": ["10.1.2.3"],
  "a.db.internal": ["10.9.9.9"],
  "a.b.db.internal": ["10.9.9.8"],
  "dual.internal": ["10.1.2.3", "fd00::5"],
  "rebind.internal": ["127.0.0.1"],
  "rebind6.internal": ["::1", "::ffff:127.0.0.1"],
  "metadata.internal": ["169.254.169.254"],
  "metadata6.internal": ["fd00:ec2::254"],
  "mapped.internal": ["::ffff:169.254.169.254"],
  "nat64.internal": ["64:ff9b::a9fe:a9fe"],
  "half.internal": ["169.254.169.254", "10.1.2.3"],
  "linklocal.internal": ["169.254.7.7", "fe80::1"],
  "any.internal": ["0.0.0.0", "::"],
  "public.example.com": ["198.51.100.7"],
  "nothing.internal": [],
};

function dial(rules: readonly string[], host: string, port = 5432): Promise<readonly string[]> {
  const asked: string[] = [];
  const list = createAllowList(rules, async (name) => {
    asked.push(name);
    const found = names[name];
    if (found === undefined) throw new Error("ENOTFOUND");
    expect(asked).toHaveLength(1);
    return found;
  });
  return list.addressesFor(host, port);
}

const v6 = (text: string) => parseAddress(text)!.text;

describe("an allow-list lets through", () => {
  it.each([
    ["pg.internal:5432", "pg.internal", ["10.1.2.3"]],
    ["PG.Internal.:5432", "pg.INTERNAL.", ["10.1.2.3"]],
    ["*.db.internal:5432", "a.db.internal", ["10.9.9.9"]],
    ["*.db.internal:5432", "a.b.db.internal", ["10.9.9.8"]],
    ["10.0.0.0/8:5432", "10.200.0.1", ["10.200.0.1"]],
    ["10.0.0.0/8:5432", "pg.internal", ["10.1.2.3"]],
    ["10.0.0.0/8:5432", "::ffff:10.0.0.7", ["10.0.0.7"]],
    ["10.0.0.0/8:5432", "::ffff:a00:7", ["10.0.0.7"]],
    ["[::ffff:10.0.0.0/104]:5432", "10.0.0.7", ["10.0.0.7"]],
    ["[fd00::/8]:5432", "fd12::1", [v6("fd12::1")]],
    ["[fd00::/8]:5432", "[fd12::1]", [v6("fd12::1")]],
    ["[fd00::/8]:5432", "dual.internal", [v6("fd00::5")]],
    ["dual.internal:5432", "dual.internal", ["10.1.2.3", v6("fd00::5")]],
    ["*:5432", "public.example.com", ["198.51.100.7"]],
    ["*:5432", "203.0.113.9", ["203.0.113.9"]],
    ["0.0.0.0/0:5432", "203.0.113.9", ["203.0.113.9"]],
    ["[::/0]:5432", "2001:db8::1", [v6("2001:db8::1")]],
    ["127.0.0.1:5432", "127.0.0.1", ["127.0.0.1"]],
    ["127.0.0.0/8:5432", "127.77.0.1", ["127.77.0.1"]],
    ["[::1]:5432", "::1", [v6("::1")]],
    ["localhost:5432", "localhost", ["127.0.0.1", v6("::1")]],
    ["localhost:5432", "127.0.0.1", ["127.0.0.1"]],
    ["127.0.0.1:5432", "localhost", ["127.0.0.1"]],
    ["127.0.0.1:5432", "rebind.internal", ["127.0.0.1"]],
    ["169.254.7.0/24:5432", "169.254.7.7", ["169.254.7.7"]],
    ["[fe80::/64]:5432", "fe80::1", [v6("fe80::1")]],
    ["half.internal:5432", "half.internal", ["10.1.2.3"]],
    ["pg.internal:5000-6000,22", "pg.internal", ["10.1.2.3"]],
    ["pg.internal:*", "pg.internal", ["10.1.2.3"]],
  ])("%s → %s", async (rule, host, addresses) => {
    expect(await dial([rule], host)).toEqual(addresses);
  });
});

describe("an allow-list refuses", () => {
  it.each([
    [[], "pg.internal"],
    [["pg.internal:5433"], "pg.internal"],
    [["pg.internal:5432"], "other.internal"],
    [["pg.internal:5432"], "10.1.2.3"],
    [["pg.internal:5432"], "xpg.internal"],
    [["pg.internal:5432"], "pg.internal.evil.example"],
    [["*.db.internal:5432"], "db.internal"],
    [["*.db.internal:5432"], "xdb.internal"],
    [["10.0.0.0/8:5432"], "11.0.0.1"],
    [["10.0.0.0/8:5432"], "public.example.com"],
    [["[fd00::/8]:5432"], "fe80::1"],
    [["*:5432"], "127.0.0.1"],
    [["*:5432"], "localhost"],
    [["*:5432"], "rebind.internal"],
    [["*:5432"], "rebind6.internal"],
    [["*:5432"], "metadata.internal"],
    [["*:5432"], "metadata6.internal"],
    [["*:5432"], "mapped.internal"],
    [["*:5432"], "nat64.internal"],
    [["*:5432"], "linklocal.internal"],
    [["*:5432"], "any.internal"],
    [["*:5432"], "nothing.internal"],
    [["*:5432", "0.0.0.0/0:5432", "[::/0]:5432"], "169.254.169.254"],
    [["*:5432", "0.0.0.0/0:5432", "[::/0]:5432"], "fd00:ec2::254"],
    [["*:5432", "0.0.0.0/0:5432", "[::/0]:5432"], "100.100.100.200"],
    [["*:5432", "0.0.0.0/0:5432", "[::/0]:5432"], "::ffff:169.254.169.254"],
    [["*:5432", "0.0.0.0/0:5432", "[::/0]:5432"], "64:ff9b::169.254.169.254"],
    [["*:5432", "0.0.0.0/0:5432", "[::/0]:5432"], "2002:a9fe:a9fe::1"],
    [["*:5432", "0.0.0.0/0:5432", "[::/0]:5432"], "127.0.0.1"],
    [["*:5432", "0.0.0.0/0:5432", "[::/0]:5432"], "::1"],
    [["*:5432", "0.0.0.0/0:5432", "[::/0]:5432"], "::127.0.0.1"],
    [["*:5432", "0.0.0.0/0:5432", "[::/0]:5432"], "fe80::1"],
    [["*:5432", "0.0.0.0/0:5432", "[::/0]:5432"], "169.254.1.1"],
    [["*:5432", "0.0.0.0/0:5432", "[::/0]:5432"], "0.0.0.0"],
    [["*:5432", "0.0.0.0/0:5432", "[::/0]:5432"], "::"],
    [["*:5432", "0.0.0.0/0:5432", "[::/0]:5432"], "224.0.0.1"],
    [["*:5432", "0.0.0.0/0:5432", "[::/0]:5432"], "255.255.255.255"],
    [["*:5432", "0.0.0.0/0:5432", "[::/0]:5432"], "ff02::1"],
    [["169.254.0.0/16:5432"], "169.254.169.254"],
    [["[fd00::/8]:5432"], "fd00:ec2::254"],
    [["[fe80::/10]:5432"], "fe80::1%eth0"],
    // Other spellings of addresses, which a resolver would take.
    [["*:5432"], "2130706433"],
    [["*:5432"], "0x7f000001"],
    [["*:5432"], "0177.0.0.1"],
    [["*:5432"], "127.1"],
    [["*:5432"], "10.0.0.0x1"],
    [["*:5432"], "pg internal"],
    [["*:5432"], "pg.internal\0.example"],
    [["*:5432"], ""],
    [["*:5432"], "a".repeat(300)],
  ])("%j → %s", async (rules, host) => {
    await expect(dial(rules, host)).rejects.toMatchObject({ failure: "not-allowed", code: "denied" });
  });

  it("asks no resolver about a name that no answer could allow", async () => {
    const list = createAllowList(["pg.internal:5432"], () => Promise.reject(new Error("asked")));
    await expect(list.addressesFor("secret-word.attacker.example", 5432)).rejects.toMatchObject({
      failure: "not-allowed",
    });
  });

  it("says when an allowed name does not resolve", async () => {
    await expect(dial(["gone.internal:5432"], "gone.internal")).rejects.toMatchObject({ failure: "not-resolved" });
  });
});

describe("a rule", () => {
  it.each([
    "",
    "pg.internal",
    "pg.internal:",
    ":5432",
    "pg.internal:0",
    "pg.internal:65536",
    "pg.internal:9-8",
    "pg.internal:5432,",
    "*.*:5432",
    "pg*.internal:5432",
    "*.:5432",
    "fd00::/8:5432",
    "[pg.internal]:5432",
    "[fd00::/129]:5432",
    "10.0.0.0/33:5432",
    "10.0.0/8:5432",
    "010.0.0.1:5432",
    "10.0.0.0/-1:5432",
    "http://pg.internal:5432",
    "169.254.169.254:80",
    "[fd00:ec2::254]:80",
    "100.100.100.200:80",
    "0.0.0.0:5432",
    "224.0.0.0/4:5432",
    "[::]:5432",
    "[::ffff:169.254.169.254]:80",
  ])("%j is refused with a reason", (text) => {
    expect(() => parseAllowRule(text)).toThrow(/--allow/);
  });
});

describe("an address", () => {
  it("has one form, whatever its spelling", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const parsed = parseAddress(text);
        expect(parsed).not.toBeNull();
        expect(isIP(parsed!.text)).toBe(parsed!.family);
        expect(parseAddress(parsed!.text)).toEqual(parsed);
      }),
    );
  });

  it("that embeds IPv4 is of the IPv4's kind", () => {
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        for (const prefix of ["::ffff:", "64:ff9b::"]) {
          const embedded = parseAddress(`${prefix}${text}`);
          expect(embedded).toEqual({ text, family: 4 });
          expect(kindOf(embedded!)).toBe(kindOf({ text, family: 4 }));
        }
      }),
    );
  });
});
