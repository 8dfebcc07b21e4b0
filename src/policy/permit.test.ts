import { describe, expect, it } from "vitest";
import { type StatementId, sessionId, statementId } from "../vocabulary/index.js";
import { compilePolicy } from "./compile.js";
import { defaultDocuments } from "./defaults.js";
import { ownDecision } from "./own-decision.js";
import { isPermit, mintPermit } from "./permit.js";
import { situationOf } from "./testing/situations.js";

const statement = statementId(sessionId("00000000-0000-4000-8000-000000000003"), 1);
const set = compilePolicy(defaultDocuments);

describe("a permit", () => {
  it("is minted from an allow, for one statement and purpose", () => {
    const permit = mintPermit(set.decide(situationOf()), statement, "forward");
    expect(permit.statement).toBe(statement);
    expect(isPermit(permit)).toBe(true);
    expect(isPermit(permit, statement, "forward")).toBe(true);
    expect(isPermit(permit, "other" as StatementId)).toBe(false);
    expect(isPermit(permit, statement, "operate")).toBe(false);
    expect(Object.isFrozen(permit)).toBe(true);
  });

  it("is not minted from a denial", () => {
    expect(() => mintPermit(set.decide(situationOf({ effects: ["admin"] })), statement, "forward")).toThrow(
      "not allowed",
    );
  });

  it("cannot be made by looking like one", () => {
    const permit = mintPermit(set.decide(situationOf()), statement, "forward");
    expect(isPermit({ ...permit })).toBe(false);
    expect(isPermit(Object.create(permit))).toBe(false);
    expect(isPermit(structuredClone({ ...permit }))).toBe(false);
    expect(isPermit(null)).toBe(false);
  });

  it("cannot be made from another, by its class or its prototype", () => {
    const permit = mintPermit(set.decide(situationOf()), statement, "forward");
    const made = permit.constructor as new (...args: unknown[]) => object;
    for (const key of [undefined, Symbol("mint"), permit]) {
      expect(() => new made(key, statement, "operate")).toThrow("nobody but its mint");
      expect(() => new (class extends made {})(key, statement, "operate")).toThrow("nobody but its mint");
      expect(() => Reflect.construct(made, [key, statement, "operate"], Object)).toThrow("nobody but its mint");
    }
    expect(isPermit(Object.create(Object.getPrototypeOf(permit)))).toBe(false);
    expect(isPermit(new Proxy(permit, {}))).toBe(false);
    expect(isPermit(Object.assign(Object.create(made.prototype), permit))).toBe(false);
    expect(() => Object.assign(permit, { purpose: "operate" })).toThrow(TypeError);
    expect(isPermit(permit, statement, "forward")).toBe(true);
  });

  it("is minted for what Hoop itself asks", () => {
    expect(isPermit(mintPermit(ownDecision(set, "inspect"), statement, "inspect"), statement, "inspect")).toBe(true);
  });
});
