import { describe, expect, it } from "vitest";
import { eventsOf } from "./of-entry.js";

const around = { slowMs: 1_000, session: () => undefined, analysis: () => null, endedBy: () => [] };
const change = (body: Readonly<Record<string, unknown>>, place: string | null = "chain 7") =>
  eventsOf({ kind: "change", session: null, time: 5, place, body }, around);
const replica = "7d1f0a3c-94be-4c52-8a67-e0b5d2c9f318";

describe("events of changes", () => {
  it("takes what a gateway says of itself, the same entry as the same event", () => {
    const body = {
      what: "agent.down",
      target: "office",
      actor: { subject: replica, name: "gateway", system: true },
      after: { replica },
    };
    const [event] = change(body);
    expect(event).toMatchObject({ type: "agent.down", at: 5, data: { agent: "office", replica } });
    expect(change(body)[0]!.id).toBe(event!.id);
    expect(change(body, "chain 8")[0]!.id).not.toBe(event!.id);
  });

  it("takes no person's word for it", () => {
    for (const what of ["agent.up", "agent.down", "gateway.degraded"])
      expect(change({ what, target: "office", actor: { subject: "x", name: "eve" }, after: { replica } })).toEqual([]);
  });

  it("bounds what it takes over", () => {
    const [event] = change({
      what: "gateway.degraded",
      target: replica,
      actor: { subject: replica, name: "gateway", system: true },
      after: { replica, reasons: Array(50).fill("x".repeat(9_000)) },
    });
    expect(event!.data["reasons"]).toHaveLength(10);
    expect(JSON.stringify(event).length).toBeLessThan(6_000);
  });

  it("says by which provider somebody failed to sign in", () => {
    const actor = { subject: "", name: "ines" };
    const failed = (after: object, what = "login.failed") => change({ what, target: "ines", actor, after })[0];
    expect(failed({ from: "::1", how: "ldap", provider: "corp" })).toMatchObject({
      subject: { id: "", name: "ines" },
      data: { from: "::1", how: "ldap", provider: "corp" },
    });
    expect(failed({ from: "::1" }, "login.factor-failed")!.data).toEqual({
      from: "::1",
      how: "factor",
      provider: null,
    });
    expect(change({ what: "login", target: "ines", actor, after: {} })).toEqual([]);
  });
});
