import { describe, expect, it } from "vitest";
import { ask, problemsOf } from "../testing/ask.js";
import { connectionNamed } from "../testing/situations.js";
import { connection } from "./connection.js";
import { label } from "./label.js";
import { protocol } from "./protocol.js";

describe("criteria on the connection", () => {
  it("connection: by name pattern", () => {
    const pg = { connection: connectionNamed("pg-prod-eu") };
    expect(ask(connection, "pg-*", pg)).toBe("yes");
    expect(ask(connection, ["mysql-*", "*-eu"], pg)).toBe("yes");
    expect(ask(connection, "pg-*-prod*", pg)).toBe("no");
    expect(ask(connection, "pg-prod", pg)).toBe("no");
  });

  it("label: every label, each with one of its values", () => {
    const labelled = { connection: connectionNamed("x", { env: "prod", team: "crm" }) };
    expect(ask(label, { env: "prod" }, labelled)).toBe("yes");
    expect(ask(label, { env: ["stage", "pr*"], team: "crm" }, labelled)).toBe("yes");
    expect(ask(label, { env: "prod", team: "billing" }, labelled)).toBe("no");
    expect(ask(label, { tier: "*" }, labelled)).toBe("no");
    expect(ask(label, { toString: "*" }, labelled)).toBe("no");
  });

  it("label: takes neither nothing nor odd names nor numbers", () => {
    expect(problemsOf(label, {})).not.toBe("");
    expect(problemsOf(label, JSON.parse('{"__proto__":"x"}'))).not.toBe("");
    expect(problemsOf(label, { tier: 1 })).toContain("expected a text");
  });

  it("protocol: by name", () => {
    expect(ask(protocol, ["mysql", "postgres"])).toBe("yes");
    expect(ask(protocol, "mysql")).toBe("no");
  });
});
