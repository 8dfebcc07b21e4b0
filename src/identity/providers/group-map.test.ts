import { expect, test } from "vitest";
import { type GroupRule, mappedGroups as split } from "./group-map.js";

function mappedGroups(theirs: readonly string[], rules: readonly GroupRule[], defaults: readonly string[]): string[] {
  const { named, matched } = split(theirs, rules, defaults);
  return [...named, ...matched].sort();
}

test("tells apart what a rule names and what a pattern came to", () => {
  const rules = [
    { from: "hoop-*", to: "*" },
    { from: "Ops", to: "ops" },
  ];
  expect(split(["hoop-ops", "hoop-dba", "Ops"], rules, ["all"])).toEqual({ named: ["all", "ops"], matched: ["dba"] });
});

test("maps by name and by pattern, and leaves out what is no name", () => {
  const rules = [
    { from: "Engineering", to: "engineers" },
    { from: "hoop-*", to: "*" },
    { from: "*@example.com", to: "mail-*" },
    { from: "CN=*,OU=Groups", to: "ad-*" },
  ];
  expect(
    mappedGroups(["Engineering", "hoop-writers", "dba@example.com", "CN=ops,OU=Groups"], rules, ["everybody"]),
  ).toEqual(["ad-ops", "engineers", "everybody", "mail-dba", "writers"]);
  expect(mappedGroups(["engineering", "xhoop-writers", "hoop-", "hoop-no spaces", "hoop-é"], rules, [])).toEqual([]);
});

test("a pattern gives no privileged group, whatever stands for its star", () => {
  const rules = [
    { from: "hoop-*", to: "*" },
    { from: "*", to: "adm*" },
    { from: "x*", to: "*s" },
  ];
  expect(mappedGroups(["hoop-admins", "hoop-ADMINS", "hoop-auditors", "ins", "xadmin", "xauditor"], rules, [])).toEqual(
    ["admhoop-admins", "admhoop-auditors", "admxadmin", "admxauditor"],
  );
  expect(mappedGroups(["Chiefs"], [{ from: "Chiefs", to: "admins" }], [])).toEqual(["admins"]);
});

test("what stands for the star is text, not a replacement's pattern", () => {
  expect(mappedGroups(["g-$&x", "g-$1"], [{ from: "g-*", to: "a*b" }], [])).toEqual([]);
  expect(mappedGroups(["g-ok"], [{ from: "g-*", to: "a*b" }], [])).toEqual(["aokb"]);
});
