import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { connectAnalysis } from "../connect.js";
import { ask, problemsOf } from "../testing/ask.js";
import { document, readWrite, setOf } from "../testing/documents.js";
import { connectionNamed, mondayMorning, situationOf, subjectIn } from "../testing/situations.js";
import { cel } from "./cel.js";

const relation = (name: string) => ({ kind: "relation" as const, name, access: "read" as const });

describe("cel", () => {
  it.each([
    ['subject.name == "anna" && "engineers" in subject.groups', "yes"],
    ['connection.labels["env"] == "demo"', "yes"],
    ['connection.labels.env.startsWith("pr")', "no"],
    ['statement.effects.all(e, e == "read")', "yes"],
    ['statement.relations.exists(r, r.like("public.pay*"))', "no"],
    ['time.weekday == "mon" && time.hour == 10', "yes"],
    ['"tags" in statement.attributes', "no"],
    ["size(subject.groups) == 1", "yes"],
  ])("%s: %s", (text, answer) => {
    expect(ask(cel, text)).toBe(answer);
  });

  it("answers unknown for an error while it runs, and for what could not be read", () => {
    expect(ask(cel, 'connection.labels.team == "crm"')).toBe("unknown");
    expect(ask(cel, "statement.attributes.count > 3", { attributes: { count: "many" } })).toBe("unknown");
    const pay = '!statement.relations.exists(r, r == "public.pay")';
    expect(ask(cel, pay, { unknowns: ["dynamic SQL"] })).toBe("unknown");
    expect(ask(cel, pay, { resources: [relation("?.pay")] })).toBe("unknown");
    expect(ask(cel, pay, { resources: [relation("public.orders")] })).toBe("yes");
    expect(ask(cel, 'subject.name == "anna"', { unknowns: ["dynamic SQL"] })).toBe("yes");
  });

  it.each([
    ['subject.nme == "a"', "No such key: nme"],
    ["subject.name + 1 == 2", "no such overload"],
    ["user.name == 'a'", "Unknown variable: user"],
    ["subject.name", "answers string, and must answer bool"],
    ["dyn(true)", 'function "dyn" is not available'],
    ['subject.name.matches("(a+)+$")', 'function "matches" is not available'],
    ["1 ==", "Unexpected token: EOF"],
    [
      "statement.relations.all(r, statement.columns.exists(c, c == r))",
      '"exists" stands inside another loop, and what an expression costs must stay linear',
    ],
    ['statement.relations.exists(r, r + r == "x")', '"+" stands inside a loop'],
    [`subject.name in [${Array(101).fill('"a"').join()}]`, "Exceeded maxListElements"],
    [`subject.name == "${"x".repeat(1000)}"`, "is longer than 1000 characters"],
    ["(".repeat(200) + "true" + ")".repeat(200), "Exceeded max"],
  ])("refuses %s", (text, told) => {
    expect(problemsOf(cel, text)).toContain(told);
  });

  it("depends on the clock only where it reads the time, and is asked on opening only where it reads no statement", () => {
    const bound = (text: string) => cel.bind(cel.data.parse(text));
    expect(bound("subject.name == 'a'")).toMatchObject({ about: "clock", dependsOn: ["shape"], needs: [] });
    expect(bound("time.hour < 9").dependsOn).toEqual(["shape", "clock"]);
    expect(bound("size(statement.effects) > 1")).toMatchObject({ about: "statement", needs: ["judge-statements"] });
    expect(bound('statement.attributes.method == "GET" && size(statement.columns) == 0').needs).toEqual([
      "judge-statements",
      "catalogue",
      "attribute:method",
    ]);
  });

  it("is caught by guards and not allowed by access when it cannot be told", () => {
    const fails = { cel: 'connection.labels.team == "crm"' };
    const guard = document("guard", "g", { when: fails, action: "deny" });
    expect(setOf(readWrite, guard).decide(situationOf()).verdict.reasons).toMatchObject([
      { rule: "g", code: "expression-unknown" },
    ]);
    const access = document("access", "a", { who: "everyone", where: "everywhere", effects: "read", when: fails });
    expect(setOf(access).decide(situationOf()).verdict.outcome).toBe("deny");
    const connection = connectionNamed("pg-demo");
    expect(
      setOf(access).decide(situationOf({ connection, analysis: connectAnalysis(connection) })).verdict.outcome,
    ).toBe("deny");
  });

  it("never throws, whatever the text and the statement", () => {
    const word = fc.constantFrom(
      ...'subject connection statement time . name groups == && || ! ( ) [ ] " in size exists 1 , r labels env'.split(
        " ",
      ),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 20 }), (words) => {
        const parsed = cel.data.safeParse(words.join(" "));
        if (parsed.success)
          expect(["yes", "no", "unknown"]).toContain(
            cel.bind(parsed.data).test(situationOf({ subject: subjectIn([]), now: mondayMorning })),
          );
      }),
      { numRuns: 2000 },
    );
  });
});
