import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, password, setUp, startTestApi, type TestApi } from "../api/support.js";

type Replica = Awaited<ReturnType<TestApi["open"]>>;

/** Tries are counted by all replicas together: two of them are not twice the guesses. */
describe("guessing at two replicas in turn", () => {
  let api: TestApi;
  let other: Replica;
  beforeAll(async () => {
    api = await startTestApi();
    await setUp(api);
    other = await api.open("00000000-0000-4000-8000-000000000002");
  });
  afterAll(async () => {
    await other?.close();
    await api?.close();
  });

  const tryAs = async (n: number, name: string, secret: string): Promise<number> =>
    (await call(n % 2 === 0 ? api.app : other.app, "POST", "/api/v1/login", { name, password: secret })).status;

  it("gives as few tries as at one, and another name goes on", async () => {
    const answers: number[] = [];
    // The wait after the fifth is a second: a round in which as much went by before the last of them says nothing, and is done again.
    for (let round = 0, late = true; late && round < 3; round++) {
      answers.length = 0;
      let fifth = 0;
      for (let n = 0; n < 8; n++) {
        if (n === 4) fifth = performance.now();
        answers.push(await tryAs(n, `bert-${round}`, "not the password"));
      }
      late = performance.now() - fifth > 1_000;
    }
    // Five are free; the wait after them is known on both sides.
    expect(answers.slice(0, 5)).toEqual(Array(5).fill(401));
    expect(answers.slice(5)).toEqual(Array(3).fill(429));
    expect(await tryAs(1, "ada", password)).toBe(200);
  });

  it("forgives on one what was typed wrong on the other", async () => {
    for (let n = 0; n < 4; n++) expect(await tryAs(n, "ada", "a typo of hers")).toBe(401);
    expect(await tryAs(1, "ada", password)).toBe(200);
    for (let n = 0; n < 4; n++) expect(await tryAs(n, "ada", "a typo of hers")).toBe(401);
    expect(await tryAs(0, "ada", password)).toBe(200);
  });

  it("keeps no address and no name", async () => {
    const { rows } = await api.store.db.executeQuery<{ text: string }>({
      sql: "select coalesce(jsonb_agg(t)::text, '') || (select coalesce(jsonb_agg(u)::text, '') from throttle_turns u) as text from throttle_tries t",
      parameters: [],
    } as never);
    expect(rows[0]!.text).toContain("until");
    expect(rows[0]!.text).not.toMatch(/ada|bert|127\.0\.0\.1/);
  });
});
