import { describe, expect, it } from "vitest";
import { readReport } from "./codec/backend.js";
import { body } from "./codec/frontend.js";
import { maskReport } from "./masked-text.js";

const key = Buffer.alloc(32, 1);
const redact = { method: "redact" } as const;
const secret = "carol@example.org";

function masked(kind: "error" | "notice", fields: Record<string, string>): ReadonlyMap<string, string> {
  const frame = maskReport(kind, new Map(Object.entries({ S: "ERROR", V: "ERROR", ...fields })), redact, key);
  return readReport(body(frame, 0, frame.length));
}

describe("an error where something masked is in reach", () => {
  it("is told whole when it is about the words of the statement", () => {
    const said = masked("error", {
      C: "42703",
      M: 'column "emial" does not exist',
      H: 'Perhaps you meant to reference the column "customers.email".',
      P: "8",
    });
    expect(said.get("M")).toBe('column "emial" does not exist');
    expect(said.get("H")).toContain("customers.email");
    expect(said.get("P")).toBe("8");
  });

  it.each<[string, Record<string, string>]>([
    ["has no place in the statement", { C: "42703", M: secret }],
    ["was raised by a function", { C: "42703", M: secret, P: "8", W: "PL/pgSQL function leak(text) line 3 at RAISE" }],
    ["stands in a statement inside of one", { C: "42703", M: secret, p: "8", q: `select ${secret}` }],
    ["stands in both", { C: "42601", M: secret, P: "8", q: "select" }],
    ["is about a value", { C: "22P02", M: `invalid input syntax for type integer: "${secret}"`, P: "8" }],
    ["has a code that anybody may raise", { C: "P0001", M: secret, P: "8" }],
    ["has no code", { M: secret, P: "8" }],
  ])("is told by its code when it %s", (_, fields) => {
    for (const [letter, text] of masked("error", fields)) expect(`${letter}${text}`).not.toContain(secret);
  });

  it("tells details and hints of no other", () => {
    const said = masked("error", { C: "23505", M: secret, D: `Key (email)=(${secret}) already exists.`, H: secret });
    expect([...said.values()].join(" ")).not.toContain(secret);
    expect(said.has("H")).toBe(false);
  });

  it("shows no notice, whatever code it bears", () => {
    expect(masked("notice", { C: "42601", M: secret, P: "8", H: secret }).get("M")).not.toContain(secret);
  });
});
