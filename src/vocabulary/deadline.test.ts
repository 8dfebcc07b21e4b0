import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { deadline } from "./deadline.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

it("fires although nobody but a listener knows it and garbage is collected meanwhile", async () => {
  let fired = 0;
  const outer = new AbortController();
  for (let n = 0; n < 20; n++) {
    const signal = AbortSignal.any([outer.signal, deadline(30, outer.signal)]);
    signal.addEventListener("abort", () => fired++);
  }
  for (let n = 0; n < 5; n++) {
    collectGarbage();
    await sleep(1);
  }
  for (let tries = 0; tries < 200 && fired < 20; tries++) await sleep(10);
  expect(fired).toBe(20);
});

it("says that time was up", async () => {
  const signal = deadline(1);
  for (let tries = 0; tries < 200 && !signal.aborted; tries++) await sleep(5);
  expect(signal.reason).toMatchObject({ name: "TimeoutError" });
});

it("passes on the reason of whoever ends it first, also one who has already", () => {
  const first = new AbortController();
  const second = new AbortController();
  const signal = deadline(60_000, first.signal, second.signal);
  second.abort("second");
  first.abort("first");
  expect(signal.reason).toBe("second");
  expect(deadline(60_000, new AbortController().signal, first.signal).reason).toBe("first");
});

it("takes a time that no timer can be set to for the longest", async () => {
  const signal = deadline(2 ** 40);
  await sleep(5);
  expect(signal.aborted).toBe(false);
});
