import { describe, expect, it } from "vitest";
import { explainFor } from "./explain-for.js";
import { approvedBy, document, setOf } from "./testing/documents.js";
import { connectionNamed, mondayMorning, subjectIn } from "./testing/situations.js";

const set = setOf(
  document("access", "read", { who: { group: "engineers" }, where: "everywhere", effects: "read" }),
  document("access", "others", { who: { group: "sales" }, where: "everywhere", effects: "destroy" }),
  document("guard", "no-sleep", { when: { functions: { any: "pg_sleep" } }, action: "deny" }),
  document("guard", "elsewhere", { where: { connection: "mysql-*" }, action: "deny" }),
  document("mask", "mask-email", { columns: "email", mask: { method: "redact" } }),
  document("budget", "exports", { measure: "rows", limit: 500, per: "day", action: "stop" }),
  document("request", "ask", {
    who: "everyone",
    where: "everywhere",
    effects: "write",
    longest: "2h",
    approve: approvedBy("leads"),
  }),
  document("guard", "watch", { when: { effects: { any: "read" } }, action: "deny", mode: "shadow" }),
);
const connection = connectionNamed("pg-demo");

describe("explaining what somebody may do", () => {
  it("reads out what concerns them there, in the order in which it is applied, and nothing else", () => {
    const subject = subjectIn(["engineers"]);
    const explained = explainFor(set, { subject, connection, now: mondayMorning });
    expect(explained.rules.map(({ rule }) => rule)).toEqual([
      "read",
      "no-sleep",
      "exports",
      "mask-email",
      "ask",
      "watch",
    ]);
    expect(explained.effects).toEqual(["read"]);
    expect(explained.connect.outcome).toBe("allow");
    expect(explained.sentences).toMatchInlineSnapshot(`
      [
        "anna may open pg-demo: access "read" allows anna to connect to pg-demo.",
        "Statements may read, as far as one of these rules alone covers them:",
        "A member of engineers may use every connection with statements that do nothing but read. [read]",
        "Whatever these allow:",
        "For everyone, on every connection: whatever may touch function pg_sleep is refused. [no-sleep]",
        "Of what is let through, this much:",
        "For everyone, on every connection: at most 500 rows in a day each; then everything more is refused. [exports]",
        "Of what comes back, this is masked:",
        "For everyone, on every connection: columns email show as ***. [mask-email]",
        "This may be asked for:",
        "Everyone may ask for access to every connection that does nothing but write, for 2h at most; 1 of leads approves. [ask]",
        "These rules only watch:",
        "Only watching: For everyone, on every connection: whatever may read is refused. [watch]",
      ]
    `);
  });

  it("tells somebody who may not read rules nothing of other people, groups and connections", () => {
    const shared = setOf(
      document("access", "read", {
        who: [{ group: ["engineers", "board"] }, { subject: "mallory" }],
        except: { subject: "trudy" },
        where: { connection: ["pg-demo", "hr-prod"] },
        effects: "read",
      }),
      document("guard", "no-writes", {
        except: { group: "robots" },
        when: { effects: { any: "write" } },
        action: "deny",
      }),
      document("budget", "exports", {
        who: { group: ["engineers", "board"] },
        ...{ measure: "rows", limit: 500, per: "day", of: "group", action: "stop" },
      }),
      document("mask", "mails", {
        columns: "email",
        mask: { method: "redact" },
        exempt: [{ who: { group: "board" } }, { who: { group: "engineers" }, purpose: "support" }],
      }),
    );
    const subject = subjectIn(["engineers"]);
    const explained = explainFor(shared, { subject, connection, now: mondayMorning }, { own: true });
    expect(explained.rules.map(({ text }) => text)).toMatchInlineSnapshot(`
      [
        "anna may use pg-demo with statements that do nothing but read.",
        "For anna, on pg-demo: whatever may write is refused.",
        "For anna, on pg-demo: at most 500 rows in a day for each of the groups engineers; then everything more is refused.",
        "For anna, on pg-demo: columns email show as ***, unless anna for the purpose support.",
      ]
    `);
    expect(JSON.stringify(explained)).not.toMatch(/board|mallory|trudy|hr-prod|robots/);
    const whole = JSON.stringify(explainFor(shared, { subject, connection, now: mondayMorning }));
    for (const other of ["board", "mallory", "trudy", "hr-prod", "robots"]) expect(whole).toContain(other);
  });

  it("says when nothing is allowed, and counts grants", () => {
    const stranger = subjectIn(["finance"]);
    const nothing = explainFor(set, { subject: stranger, connection, now: mondayMorning });
    expect(nothing.sentences[0]).toContain("anna may not open pg-demo: no access rule lets anna use pg-demo");
    expect(nothing.sentences[1]).toContain("every statement is refused");
    const grants = [
      {
        id: "R-7",
        subject: stranger.id,
        connections: [connection.id],
        effects: ["write" as const],
        since: 0,
        until: mondayMorning + 1,
      },
    ];
    const granted = explainFor(set, { subject: stranger, connection, now: mondayMorning, grants });
    expect(granted).toMatchObject({ effects: ["write"], connect: { outcome: "allow" } });
    expect(granted.rules[0]).toMatchObject({ rule: "R-7", kind: "grant" });
  });
});
