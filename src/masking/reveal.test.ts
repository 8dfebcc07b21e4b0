import { describe, expect, it } from "vitest";
import { type Subject, subjectId } from "../vocabulary/index.js";
import { createReveal, type RevealEntry, revealMatter } from "./reveal.js";
import { type TokenSource, tokenize } from "./tokens/token.js";

const key = Buffer.alloc(32, 3);
const ada: Subject = {
  id: subjectId("00000000-0000-4000-8000-000000000001"),
  kind: "person",
  name: "ada",
  groups: [],
  version: 1,
};
const source: TokenSource = { purpose: "analytics", as: "card" };
const card = "4111 1111 1111 1111";
const token = tokenize({ method: "tokenize", purpose: "analytics", as: "card" }, card, key);

function setUp(approved: ReadonlyMap<string, string>, record?: () => Promise<void>) {
  const left = new Map(approved);
  const entries: RevealEntry[] = [];
  const service = createReveal({
    key,
    approvals: {
      // As the port says: used up by asking.
      isApproved: async (review, subject, what) => {
        const about = left.get(review);
        left.delete(review);
        return about === `${subject.name} ${what}`;
      },
    },
    record: async (entry) => {
      await record?.();
      entries.push(entry);
    },
  });
  return { service, entries };
}

describe("reveal", () => {
  const matter = revealMatter({ source, token });

  it("shows one value under a review of just that, once, and records it without the value", async () => {
    const { service, entries } = setUp(new Map([["r1", `ada ${matter}`]]));
    expect(await service.reveal({ subject: ada, review: "r1", source, token })).toBe(card);
    await expect(service.reveal({ subject: ada, review: "r1", source, token })).rejects.toMatchObject({
      code: "denied",
    });
    expect(entries.map(({ outcome }) => outcome)).toEqual(["revealed", "refused"]);
    expect(JSON.stringify(entries)).not.toContain("4111");
  });

  it("refuses another token, purpose or person under that review", async () => {
    const other = tokenize({ method: "tokenize", purpose: "analytics", as: "card" }, "5555555555554444", key);
    for (const request of [
      { subject: ada, review: "r1", source, token: other },
      { subject: ada, review: "r1", source: { ...source, purpose: "support" }, token },
      { subject: { ...ada, name: "eve" }, review: "r1", source, token },
      { subject: ada, review: "r2", source, token },
    ]) {
      const { service } = setUp(new Map([["r1", `ada ${matter}`]]));
      await expect(service.reveal(request)).rejects.toMatchObject({ code: "denied" });
    }
  });

  it("shows nothing that could not be recorded", async () => {
    const full = () => Promise.reject(new Error("the disk is full"));
    const { service } = setUp(new Map([["r1", `ada ${matter}`]]), full);
    await expect(service.reveal({ subject: ada, review: "r1", source, token })).rejects.toThrow("the disk is full");
  });

  it("wastes no approval on what cannot be got back", async () => {
    const { service, entries } = setUp(new Map([["r1", `ada ${matter}`]]));
    for (const [as, made] of [
      ["email", "x0123456789abcdef0123@example.invalid"],
      ["text", "x0123456789abcdef0123@example.invalid"],
      ["text", tokenize({ method: "tokenize", purpose: "analytics" }, "Jürgen Müller", key)],
      ["text", "9f86d081884c7d65"],
      ["text", "ab1"],
      ["integer", "no number"],
    ] as const) {
      await expect(
        service.reveal({ subject: ada, review: "r1", source: { purpose: "analytics", as }, token: made }),
      ).rejects.toMatchObject({ code: "unsupported" });
    }
    expect(await service.reveal({ subject: ada, review: "r1", source, token })).toBe(card);
    expect(entries).toHaveLength(1);
  });
});
