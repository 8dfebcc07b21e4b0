import { afterEach, describe, expect, it, vi } from "vitest";
import { applyDocuments } from "./apply-documents.js";
import { defaultDocuments } from "./defaults.js";
import { parseDocuments } from "./parse-documents.js";
import { seedPolicy } from "./seed.js";
import { createPolicySource, type LivePolicySource } from "./source.js";
import { createMemoryPolicyStore } from "./testing/memory-store.js";
import { situationOf } from "./testing/situations.js";

const quiet = { info: () => {}, error: vi.fn() };
const author = null;
const patience = { timeout: 20_000 };
const open = parseDocuments(
  JSON.stringify({
    apiVersion: "hoop/v1",
    kind: "access",
    metadata: { name: "open" },
    spec: { who: "everyone", where: "everywhere", effects: "read" },
  }),
);

describe("the source of rules", () => {
  const sources: LivePolicySource[] = [];
  const sourceOf = async (store: ReturnType<typeof createMemoryPolicyStore>) => {
    const source = await createPolicySource({ store, log: quiet, retryMs: 5 });
    sources.push(source);
    return source;
  };
  afterEach(() => {
    for (const source of sources.splice(0)) source.close();
  });

  it("loads what is stored, follows changes, and tells with the new set in place", async () => {
    const store = createMemoryPolicyStore();
    await seedPolicy(store);
    const source = await sourceOf(store);
    expect(source.problem()).toBeNull();
    expect(source.current().documents).toHaveLength(defaultDocuments.length);
    const seen: string[] = [];
    const stop = source.watch((set) =>
      seen.push(`${set.version === source.current().version} ${set.documents.length}`),
    );
    await applyDocuments(store, open, { author });
    await vi.waitFor(() => expect(seen).toEqual([`true ${defaultDocuments.length + 1}`]), patience);
    stop();
    await applyDocuments(store, open, { author, prune: true });
    await vi.waitFor(() => expect(source.current().documents).toHaveLength(1), patience);
    expect(seen).toHaveLength(1);
  });

  it("keeps the last good set when a stored document is not understood, and says so", async () => {
    const store = createMemoryPolicyStore();
    await applyDocuments(store, open, { author });
    const source = await sourceOf(store);
    const before = source.current();
    store.force([{ ...open[0], kind: "quota" }]);
    await vi.waitFor(() => expect(source.problem()).toContain("quota"), patience);
    expect(source.current()).toBe(before);
    store.force([]);
    await vi.waitFor(() => expect(source.problem()).toBeNull(), patience);
    expect(source.current().decide(situationOf()).verdict.outcome).toBe("deny");
  });

  it("allows nothing before there is a first good set, and tries again by itself", async () => {
    const store = createMemoryPolicyStore();
    await applyDocuments(store, open, { author });
    store.failing = new Error("store is away");
    const source = await sourceOf(store);
    expect(source.problem()).toBe("store is away");
    expect(source.current().decide(situationOf()).verdict.outcome).toBe("deny");
    store.failing = null;
    await vi.waitFor(() => expect(source.current().decide(situationOf()).verdict.outcome).toBe("allow"), patience);
  });

  it("survives a listener that throws", async () => {
    const store = createMemoryPolicyStore();
    const source = await sourceOf(store);
    const told = vi.fn();
    source.watch(() => {
      throw new Error("listener");
    });
    source.watch(told);
    await applyDocuments(store, open, { author });
    await vi.waitFor(() => expect(told).toHaveBeenCalledOnce(), patience);
  });

  it("seeds once, and leaves alone what was emptied on purpose", async () => {
    const store = createMemoryPolicyStore();
    expect(await seedPolicy(store)).toBe(true);
    await applyDocuments(store, [], { author, prune: true });
    expect(await seedPolicy(store)).toBe(false);
    expect((await store.read()).documents).toEqual([]);
  });
});
