import { describe, expect, it } from "vitest";
import { applyDocuments } from "./apply-documents.js";
import type { PolicyDocument } from "./documents/index.js";
import { parseDocuments } from "./parse-documents.js";
import { planChanges } from "./plan-changes.js";
import { createMemoryPolicyStore } from "./testing/memory-store.js";

const access = (name: string, effects: string | string[] = "read") =>
  parseDocuments(
    JSON.stringify({
      apiVersion: "hoop/v1",
      kind: "access",
      metadata: { name },
      spec: { who: "everyone", where: "everywhere", effects },
    }),
  )[0]!;
const actions = (changes: ReturnType<typeof planChanges>) =>
  changes.map((one) => `${one.action} ${one.kind}/${one.name}`);

describe("planning", () => {
  it("says what is created, updated, left and, when pruning, deleted", () => {
    const current = [access("a"), access("b"), access("c")];
    const wanted = [access("b", ["read", "write"]), access("d"), access("a")];
    expect(actions(planChanges(current, wanted))).toEqual([
      "unchanged access/a",
      "update access/b",
      "unchanged access/c",
      "create access/d",
    ]);
    expect(actions(planChanges(current, wanted, { prune: true }))[2]).toBe("delete access/c");
  });

  it("shows changed lines and nothing else as changed", () => {
    const [change] = planChanges([access("a", ["read"])], [access("a", ["read", "write"])]);
    expect(change!.lines.filter((line) => !line.startsWith("  "))).toEqual(["+     - write"]);
    const [made] = planChanges([], [access("a")]);
    expect(made!.lines.every((line) => line.startsWith("+ "))).toBe(true);
  });

  it("does not see a change in another order of keys", () => {
    const one = access("a");
    const turned = { ...one, spec: Object.fromEntries(Object.entries(one.spec).reverse()) } as PolicyDocument;
    expect(actions(planChanges([one], [turned]))).toEqual(["unchanged access/a"]);
  });

  it("deletes and creates what changes its kind", () => {
    const guard = parseDocuments(`{apiVersion: hoop/v1, kind: guard, metadata: {name: a}, spec: {action: deny}}`);
    expect(actions(planChanges([access("a")], guard))).toEqual(["delete access/a", "create guard/a"]);
  });
});

describe("applying", () => {
  it("changes the store by its plan, and only what the plan says", async () => {
    const store = createMemoryPolicyStore();
    const first = await applyDocuments(store, [access("a"), access("b")], { author: null });
    expect(first.revision).toBe(1);
    const again = await applyDocuments(store, [access("a")], { author: null });
    expect([actions(again.changes), again.revision]).toEqual([["unchanged access/a", "unchanged access/b"], 1]);
    const dry = await applyDocuments(store, [access("c")], { author: null, dryRun: true, prune: true });
    expect([actions(dry.changes), dry.revision]).toEqual([
      ["delete access/a", "delete access/b", "create access/c"],
      1,
    ]);
    await applyDocuments(store, [access("c")], { author: null, prune: true });
    expect((await store.read()).documents).toEqual([access("c")]);
  });

  it("keeps a name when its document changes kind", async () => {
    const store = createMemoryPolicyStore();
    const guard = parseDocuments(`{apiVersion: hoop/v1, kind: guard, metadata: {name: a}, spec: {action: deny}}`);
    await applyDocuments(store, [access("a")], { author: null });
    await applyDocuments(store, guard, { author: null });
    expect((await store.read()).documents).toEqual(guard);
  });

  it("refuses a plan that is no longer the current one", async () => {
    const store = createMemoryPolicyStore();
    const { revision } = await applyDocuments(store, [access("a")], { author: null, dryRun: true });
    await applyDocuments(store, [access("b")], { author: null });
    await expect(applyDocuments(store, [access("a")], { author: null, revision })).rejects.toMatchObject({
      code: "conflict",
    });
  });

  it("changes nothing when one document is bad", async () => {
    const store = createMemoryPolicyStore();
    const bad = { ...access("b"), spec: { who: "everyone" } } as PolicyDocument;
    await expect(applyDocuments(store, [access("a"), bad], { author: null })).rejects.toMatchObject({
      code: "invalid",
    });
    expect(await store.read()).toEqual({ revision: 0, documents: [] });
  });
});
