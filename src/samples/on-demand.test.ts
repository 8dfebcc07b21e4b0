import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createOnDemand } from "./on-demand.js";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Counts what starts and stops, and fails where two run at once. */
function thing() {
  const seen = { started: 0, stopped: 0 };
  let ends: (() => void)[] = [];
  return {
    seen,
    end: () => {
      for (const one of ends) one();
      ends = [];
    },
    async start() {
      if (seen.started > seen.stopped) throw new Error("two at once");
      seen.started++;
      return {
        name: seen.started,
        gone: new Promise<void>((resolve) => ends.push(resolve)),
        async stop() {
          await Promise.resolve();
          seen.stopped++;
        },
      };
    },
  };
}

describe("on demand", () => {
  it("starts once for all, and stops a while after the last", async () => {
    const one = thing();
    const onDemand = createOnDemand({ start: one.start, idleMs: 1_000 });
    expect(one.seen.started).toBe(0);
    const [a, b] = await Promise.all([onDemand.acquire(), onDemand.acquire()]);
    expect(a.value).toBe(b.value);
    a.release();
    a.release();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(one.seen).toEqual({ started: 1, stopped: 0 });
    b.release();
    await vi.advanceTimersByTimeAsync(900);
    const c = await onDemand.acquire();
    expect(c.value).toBe(a.value);
    c.release();
    await vi.advanceTimersByTimeAsync(1_100);
    expect(one.seen).toEqual({ started: 1, stopped: 1 });
    expect((await onDemand.acquire()).value.name).toBe(2);
  });

  it("starts the next only after the last has stopped", async () => {
    const one = thing();
    const onDemand = createOnDemand({ start: one.start, idleMs: 1_000 });
    (await onDemand.acquire()).release();
    vi.advanceTimersByTime(1_000);
    expect((await onDemand.acquire()).value.name).toBe(2);
  });

  it("starts anew what ended by itself, and what failed to start", async () => {
    const one = thing();
    let fails = true;
    const onDemand = createOnDemand({
      start: () => (fails ? Promise.reject(new Error("no")) : one.start()),
      idleMs: 1_000,
    });
    await expect(onDemand.acquire()).rejects.toThrow("no");
    fails = false;
    const first = await onDemand.acquire();
    one.seen.stopped++;
    one.end();
    await vi.advanceTimersByTimeAsync(0);
    expect((await onDemand.acquire()).value.name).toBe(first.value.name + 1);
  });

  it("stops for good", async () => {
    const one = thing();
    const onDemand = createOnDemand({ start: one.start, idleMs: 1_000 });
    await onDemand.acquire();
    await onDemand.close();
    expect(one.seen).toEqual({ started: 1, stopped: 1 });
    await expect(onDemand.acquire()).rejects.toMatchObject({ code: "unavailable" });
  });
});
