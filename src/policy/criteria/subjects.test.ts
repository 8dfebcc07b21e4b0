import { describe, expect, it } from "vitest";
import { ask, problemsOf } from "../testing/ask.js";
import { subjectIn } from "../testing/situations.js";
import { group } from "./group.js";
import { kind } from "./kind.js";
import { subject } from "./subject.js";

describe("criteria on the subject", () => {
  it("group: a member of any one, by exact name", () => {
    const anna = { subject: subjectIn(["engineers", "sre"]) };
    expect(ask(group, "sre", anna)).toBe("yes");
    expect(ask(group, ["dba", "engineers"], anna)).toBe("yes");
    expect(ask(group, "dba", anna)).toBe("no");
    expect(ask(group, "Engineers", anna)).toBe("no");
    expect(ask(group, "engineer*", anna)).toBe("no");
    expect(ask(group, "sre", { subject: subjectIn([]) })).toBe("no");
  });

  it("subject: by exact login name", () => {
    expect(ask(subject, ["bert", "anna"])).toBe("yes");
    expect(ask(subject, "ann")).toBe("no");
    expect(ask(subject, "ANNA")).toBe("no");
  });

  it("kind: person, service or agent", () => {
    const bot = { subject: subjectIn([], "bot", "agent") };
    expect(ask(kind, "agent", bot)).toBe("yes");
    expect(ask(kind, ["person", "service"], bot)).toBe("no");
    expect(problemsOf(kind, "agnt")).toContain('did you mean "agent"?');
  });
});
