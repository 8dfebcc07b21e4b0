import { expect, it } from "vitest";
import { createEntryTurns } from "./entry-turns.js";

const never = () => false;

/** What a wait has come to by now. */
async function now<T>(wait: Promise<T>): Promise<T | "waits"> {
  return Promise.race([wait, new Promise<"waits">((resolve) => setImmediate(() => resolve("waits")))]);
}

it("so many at once, the next when one has left, in their order", async () => {
  const turns = createEntryTurns({ waiting: 10, atOnce: 2 });
  const [first] = [await turns.enter("ada", never), await turns.enter("ada", never)];
  const order: string[] = [];
  const third = turns.enter("ada", never).finally(() => order.push("third"));
  const fourth = turns.enter("ada", never).finally(() => order.push("fourth"));
  expect(await now(third)).toBe("waits");
  first?.();
  // A second time is nothing: it was one place.
  first?.();
  const leave = await third;
  expect(await now(fourth)).toBe("waits");
  leave?.();
  expect(await fourth).toBeTypeOf("function");
  expect(order).toEqual(["third", "fourth"]);
});

it("nobody waits for another subject or connection", async () => {
  const turns = createEntryTurns({ waiting: 10, atOnce: 1 });
  await turns.enter("ada pg", never);
  expect(await now(turns.enter("bob pg", never))).toBeTypeOf("function");
  expect(await now(turns.enter("ada other", never))).toBeTypeOf("function");
});

it("who was given up meanwhile gets no turn, and makes room for who comes", async () => {
  const turns = createEntryTurns({ waiting: 2, atOnce: 1 });
  const first = await turns.enter("ada", never);
  let gone = false;
  const given = [turns.enter("ada", () => gone), turns.enter("ada", () => gone)];
  await expect(turns.enter("ada", never)).rejects.toMatchObject({ code: "limited" });
  gone = true;
  const waits = turns.enter("ada", never);
  expect(await Promise.all(given)).toEqual([null, null]);
  expect(await now(waits)).toBe("waits");
  first?.();
  expect(await waits).toBeTypeOf("function");
});
