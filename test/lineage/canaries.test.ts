import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Grammar } from "../support/lineage/grammar.js";
import { openTrial, type Trial } from "../support/lineage/trial.js";
import { hasPostgres } from "../support/postgres.js";

const runs = Number(process.env.LINEAGE_RUNS ?? 200);

describe.each([15, 18] as const)("random queries on PostgreSQL %d, seen through masks", (version) => {
  let trial: Trial;
  beforeAll(async () => {
    if (!hasPostgres(version)) throw new Error(`PostgreSQL ${version} is not installed`);
    trial = await openTrial(version);
  });
  afterAll(() => trial?.stop());

  test("show nothing of a secret, and what has none as it is", async () => {
    const sums = { answered: 0, refused: 0, error: 0, clean: 0, shown: 0, secret: 0 };
    for (let seed = 1; seed <= runs; seed += 1) {
      const asked = new Grammar(version * 1_000_000 + seed).ask();
      const verdict = await trial.run(asked);
      expect(verdict.leak, `seed ${seed}, ${asked.mode}: ${asked.sql}`).toBeNull();
      sums[verdict.outcome] += 1;
      sums.clean += verdict.clean;
      sums.shown += verdict.shown;
      sums.secret += verdict.secret;
    }
    // The grammar is worth something only where the server and the gate mostly answer.
    expect(sums.answered, JSON.stringify(sums)).toBeGreaterThan(runs * 0.5);
    expect(sums.secret, JSON.stringify(sums)).toBeGreaterThan(runs * 0.3);
    expect(sums.shown / sums.clean, JSON.stringify(sums)).toBeGreaterThan(0.8);
  });
});
