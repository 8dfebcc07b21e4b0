import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { BudgetKey } from "../policy/policy.js";
import { ruleId, sessionId } from "../vocabulary/index.js";
import { type Budgets, createBudgets } from "./budgets.js";
import type { BucketSubject, BucketUse, BudgetStore } from "./store.js";

const minute = 60_000;
const hour = 60 * minute;
const secret = Buffer.alloc(32, 7);

/** What every replica of a test tells; keeps what the real store keeps. */
function memoryStore(): BudgetStore & { away: boolean; subjects: BucketSubject[] } {
  const uses = new Map<string, BucketUse>();
  const subjects: BucketSubject[] = [];
  const nameOf = ({ used: _, ...bucket }: BucketUse) => JSON.stringify(bucket);
  return {
    away: false,
    subjects,
    async add(use) {
      if (this.away) throw new Error("the store is away");
      subjects.push(...use.subjects);
      return use.counts.map((count) => {
        const made = { ...count, used: (uses.get(nameOf(count))?.used ?? 0) + count.used };
        uses.set(nameOf(count), made);
        return made;
      });
    },
    async changed() {
      if (this.away) throw new Error("the store is away");
      return { counts: [...uses.values()], subjects: [...subjects], mark: "1" };
    },
    async prune() {},
  };
}

function key(over: Partial<BudgetKey> = {}): BudgetKey {
  return { rule: ruleId("exports"), measure: "rows", window: "hour", owner: "ada", ...over };
}

const open: Budgets[] = [];
afterEach(async () => {
  for (const budgets of open.splice(0)) await budgets.close();
});

async function start(store: BudgetStore, now: () => number = Date.now): Promise<Budgets> {
  const budgets = await createBudgets({ store, key: secret, log: { warn() {} }, now });
  open.push(budgets);
  return budgets;
}

describe("budgets", () => {
  it("counts at once, apart for each rule, measure, window and owner", async () => {
    const budgets = await start(memoryStore());
    expect(budgets.charge(key(), 5)).toBe(5);
    expect(budgets.charge(key(), 2)).toBe(7);
    expect(budgets.usage(key())).toBe(7);
    for (const other of [{ owner: "bo" }, { measure: "bytes" as const }, { rule: ruleId("other") }]) {
      expect(budgets.usage(key(other))).toBe(0);
    }
  });

  it("lets an hour roll: what was used comes back bucket by bucket, never all at a full hour", async () => {
    let at = 100 * hour + 59 * minute;
    const budgets = await start(memoryStore(), () => at);
    budgets.charge(key(), 10);
    at += 2 * minute;
    expect(budgets.usage(key())).toBe(10);
    budgets.charge(key(), 1);
    at += 56 * minute;
    expect(budgets.usage(key())).toBe(1);
    at += 10 * minute;
    expect(budgets.usage(key())).toBe(0);
  });

  it("adds up what two replicas use, and what one used before it was started anew", async () => {
    const store = memoryStore();
    const [one, two] = [await start(store), await start(store)];
    one.charge(key(), 3);
    two.charge(key(), 4);
    await expect.poll(() => [one.usage(key()), two.usage(key())]).toEqual([7, 7]);
    const third = await start(store);
    expect(third.usage(key())).toBe(7);
  });

  it("goes on counting while the store is away, and loses nothing of it", async () => {
    const store = memoryStore();
    const budgets = await start(store);
    store.away = true;
    budgets.charge(key(), 3);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(budgets.charge(key(), 4)).toBe(7);
    store.away = false;
    const other = await start(store);
    await expect.poll(() => other.usage(key())).toBe(7);
    expect(budgets.usage(key())).toBe(7);
  });

  it("counts each person that data is about once, and tells the store digests only", async () => {
    const store = memoryStore();
    const budgets = await start(store);
    const about = key({ measure: "subjects" });
    for (const value of ["42", "43", "42", "42"]) budgets.see(about, value);
    expect(budgets.usage(about)).toBe(2);
    await expect.poll(() => store.subjects.length).toBe(2);
    for (const { subject } of store.subjects) expect(subject).toMatch(/^[0-9a-f]{32}$/);
    const other = await start(store);
    expect(other.usage(about)).toBe(2);
    expect(other.see(about, "43")).toBe(2);
  });

  it("forgets what was counted for a session when it ends, and never tells the store of it", async () => {
    const session = sessionId("11111111-1111-4111-8111-111111111111");
    const store = memoryStore();
    const budgets = await start(store);
    const own = key({ window: "session", owner: session });
    budgets.charge(own, 9);
    expect(budgets.usage(own)).toBe(9);
    budgets.forget(session);
    expect(budgets.usage(own)).toBe(0);
    await budgets.close();
    expect((await store.changed(null)).counts).toEqual([]);
  });

  it("agrees with a plain sum over the buckets of the window, whatever is charged when", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ wait: fc.integer({ min: 0, max: 30 }), amount: fc.integer({ min: 1, max: 100 }) }), {
          maxLength: 40,
        }),
        async (steps) => {
          let at = 1_000 * hour;
          const budgets = await createBudgets({ store: memoryStore(), key: secret, log: { warn() {} }, now: () => at });
          const charged: { at: number; amount: number }[] = [];
          for (const { wait, amount } of steps) {
            at += wait * minute;
            charged.push({ at, amount });
            const bucket = (time: number) => Math.floor(time / (5 * minute));
            const expected = charged
              .filter((one) => bucket(one.at) > bucket(at) - 12)
              .reduce((sum, one) => sum + one.amount, 0);
            expect(budgets.charge(key(), amount)).toBe(expected);
          }
          await budgets.close();
        },
      ),
      { numRuns: 50 },
    );
  });
});
