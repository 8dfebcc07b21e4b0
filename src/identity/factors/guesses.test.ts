import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { subjectId } from "../../vocabulary/index.js";
import { createLocalAttempts } from "../attempts.js";
import { createGuesses } from "./guesses.js";

const ada = subjectId(randomUUID());

function guessing() {
  const clock = { now: 0 };
  const guesses = createGuesses(createLocalAttempts({ now: () => clock.now }));
  const tried = (address: string, known: boolean): Promise<boolean> =>
    guesses.begin(ada, address, known).then(
      () => true,
      () => false,
    );
  return { clock, guesses, tried };
}

test("a day of guessing from networks that nobody knows gives a few hundred tries, however many networks", async () => {
  const { clock, tried } = guessing();
  let tries = 0;
  for (; clock.now < 24 * 3_600_000; clock.now += 1_000)
    if (await tried(`198.51.${clock.now % 251}.${clock.now % 241}`, false)) tries += 1;
  expect(tries).toBeLessThan(500);
});

test("strangers with the password do not keep the owner out of a network that is known", async () => {
  const { tried } = guessing();
  for (let n = 0; n < 100; n++) await tried("198.51.100.1", false);
  expect(await tried("198.51.100.2", false)).toBe(false);
  expect(await tried("203.0.113.7", true)).toBe(true);
});

test("a right one forgives", async () => {
  const { guesses, tried } = guessing();
  for (let n = 0; n < 4; n++) await tried("203.0.113.7", true);
  await (await guesses.begin(ada, "203.0.113.7", true)).right();
  for (let n = 0; n < 4; n++) expect(await tried("203.0.113.7", true)).toBe(true);
});
