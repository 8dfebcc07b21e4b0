import { describe, expect, it } from "vitest";
import type { Answer, Ask } from "../protocol/index.js";
import type { CredentialProvider } from "../secrets/lease.js";
import { type Connection, HoopError, type Subject } from "../vocabulary/index.js";
import type { SessionGate } from "./gate.js";
import { leasedWhenAllowed, SessionLease } from "./session-lease.js";

const connection = { name: "pg" } as Connection;
const subject = { name: "ada" } as Subject;
const allow = { outcome: "allow", analysis: {} } as Answer;
const connect = { phase: "connect" } as Ask;

function provider(wait: Promise<void> = Promise.resolve()) {
  const counted = { out: 0, taken: 0 };
  const lease: CredentialProvider["lease"] = async () => {
    await wait;
    counted.taken++;
    counted.out++;
    return { user: "app", secret: "s", expires: null, release: async () => void counted.out-- };
  };
  return { counted, provider: { lease } };
}

const turns = async () => {
  for (let i = 0; i < 10; i++) await new Promise(setImmediate);
};

describe("the credential of a session", () => {
  it("is had once, and nobody's when it was given back", async () => {
    const { counted, provider: given } = provider();
    const lease = new SessionLease(given, connection, 1_000);
    expect(lease.credential).toEqual({ user: "", secret: null });
    await lease.take(subject);
    await lease.take(subject);
    expect(lease.credential).toEqual({ user: "app", secret: "s" });
    expect(counted).toEqual({ out: 1, taken: 1 });
    await lease.release();
    expect(lease.credential).toEqual({ user: "", secret: null });
    expect(counted.out).toBe(0);
  });

  it("is outdated when what rules grant at the target is no longer what it was taken with", async () => {
    const at = (roles: readonly string[], more: object = {}) =>
      ({ name: "pg", credential: { roles, ...more } }) as unknown as Connection;
    let granted: readonly string[] | null = ["ro"];
    const asked: unknown[] = [];
    const { lease: give } = provider().provider;
    const given: CredentialProvider = {
      lease: (of, who, signal, roles) => {
        asked.push(roles);
        return give(of, who, signal);
      },
    };
    const lease = new SessionLease(given, at(["rw", "ro"]), 1_000, () => granted);
    granted = ["rw"];
    // Nothing was made yet.
    expect(lease.outdated(subject, at(["rw", "ro"]))).toBe(false);
    await lease.take(subject);
    expect(asked).toEqual([["rw"]]);
    const outdated = (now: readonly string[] | null, there = at(["rw", "ro"])) => {
      granted = now;
      return lease.outdated(subject, there);
    };
    expect(outdated(["rw"])).toBe(false);
    // The connection does not allow it, before or now.
    expect(outdated(["owner", "rw"])).toBe(false);
    expect(outdated(["ro", "rw"])).toBe(true);
    expect(outdated([])).toBe(true);
    expect(outdated(null)).toBe(true);
    expect(outdated(["rw"], at(["ro"]))).toBe(true);
    expect(outdated(["owner", "rw"], at(["owner", "rw"]))).toBe(true);
  });

  it("is given back when it comes after the session's end", async () => {
    let come = () => {};
    const { counted, provider: given } = provider(new Promise((resolve) => (come = resolve)));
    const lease = new SessionLease(given, connection, 1_000);
    const taken = expect(lease.take(subject)).rejects.toMatchObject({ code: "cancelled" });
    await lease.release();
    come();
    await taken;
    expect(counted).toEqual({ out: 0, taken: 1 });
  });
});

describe("an access that waits for people", () => {
  function door(take: () => Promise<void>) {
    let decide = (_answer: Answer): void => {};
    const answers: Answer[] = [];
    const gate = leasedWhenAllowed(
      {
        judge(_id: number, _ask: Ask, answer: (answer: Answer) => void) {
          decide = answer;
        },
        statements: 7,
      } as unknown as SessionGate,
      take,
    );
    expect(gate.statements).toBe(7);
    gate.judge(1, connect, (answer) => answers.push(answer));
    return { answers, decide: (answer: Answer) => decide(answer) };
  }

  it("has its credential taken when they have allowed it, before it is told so", async () => {
    let taken = 0;
    const { answers, decide } = door(async () => void taken++);
    await turns();
    expect(taken).toBe(0);
    decide(allow);
    expect(answers).toEqual([]);
    await turns();
    expect([taken, answers]).toEqual([1, [allow]]);
  });

  it("has none taken when they deny it", async () => {
    let taken = 0;
    const { answers, decide } = door(async () => void taken++);
    decide({ outcome: "deny", reasons: [], analysis: null });
    await turns();
    expect([taken, answers.map(({ outcome }) => outcome)]).toEqual([0, ["deny"]]);
  });

  it("is refused in words where its credential cannot be had", async () => {
    const { answers, decide } = door(async () => {
      throw new HoopError("unavailable", "the vault is sealed", { hint: "Ask." });
    });
    decide(allow);
    await turns();
    expect(answers).toMatchObject([{ outcome: "deny", reasons: [{ text: "the vault is sealed" }], hint: "Ask." }]);
  });
});
