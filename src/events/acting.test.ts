import { executionAsyncId } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { type Acting, actingAs, actingNow } from "./acting.js";

const ada: Acting = { subject: { id: "1", name: "ada" }, cause: [] };
const rule: Acting = { subject: null, cause: [{ rule: "r", event: "e", run: null }] };

/** With hooks on, what follows an await has an id of its own. */
async function hooked(): Promise<boolean> {
  await null;
  const first = executionAsyncId();
  await null;
  return executionAsyncId() !== first;
}

it("tells each act apart from those at the same time, and costs nothing when nobody acts", async () => {
  expect(actingNow()).toEqual({ subject: null, cause: [] });
  const seen = await Promise.all(
    [ada, rule, ada].map((who, n) =>
      actingAs(who, async () => {
        await sleep(5 - n);
        await null;
        return actingNow();
      }),
    ),
  );
  expect(seen).toEqual([ada, rule, ada]);
  expect(actingNow()).toEqual({ subject: null, cause: [] });
  expect(await hooked()).toBe(false);
  await expect(actingAs(ada, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await hooked()).toBe(false);
  expect(await actingAs(rule, async () => actingNow())).toBe(rule);
});
