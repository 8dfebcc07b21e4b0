import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Grammar } from "../test/support/lineage/grammar.js";
import { openTrial } from "../test/support/lineage/trial.js";

export interface LineageOptions {
  readonly runs: number;
  readonly seed: number;
  /** Shows queries that were masked too much. */
  readonly imprecise: boolean;
}

/** Random queries through masks at real servers, half on each: nothing of a secret comes back. Answers how many leaked. */
export async function fuzzLineage({ runs, seed, imprecise }: LineageOptions): Promise<number> {
  let leaks = 0;
  for (const version of [15, 18] as const) {
    const began = performance.now();
    const trial = await openTrial(version);
    const sums = { answered: 0, refused: 0, error: 0, clean: 0, shown: 0, secret: 0 };
    const why = new Map<string, number>();
    try {
      for (let run = 0; run < runs / 2; run += 1) {
        const asked = new Grammar(seed * 10_000_019 + version * 1_000_003 + run).ask();
        const verdict = await trial.run(asked);
        sums[verdict.outcome] += 1;
        for (const key of ["clean", "shown", "secret"] as const) sums[key] += verdict[key];
        if (verdict.leak !== null) {
          leaks += 1;
          keep(`${version}-${seed}-${run}`, `${asked.mode}\n${asked.sql}\n\n${verdict.leak}\n`);
          console.error(`LEAK ${version} ${asked.mode}: ${verdict.leak}\n  ${asked.sql}`);
        } else if (verdict.outcome !== "answered") {
          const kind = verdict.why.replace(/".*?"/g, "…").replace(/\d+/g, "n").slice(0, 160);
          why.set(kind, (why.get(kind) ?? 0) + 1);
        } else if (imprecise && verdict.why !== "")
          console.log(`MASKED ${asked.mode} ${verdict.clean - verdict.shown}: ${verdict.why}`);
      }
    } finally {
      await trial.stop();
    }
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const precision = ((100 * sums.shown) / Math.max(1, sums.clean)).toFixed(1);
    console.log(`lineage on PostgreSQL ${version}: ${JSON.stringify(sums)}, precision ${precision} %, ${seconds} s`);
    for (const [text, count] of [...why].sort((x, y) => y[1] - x[1]).slice(0, 12)) console.log(`  ${count} × ${text}`);
  }
  return leaks;
}

function keep(name: string, text: string): void {
  const folder = join("fuzz", "findings");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `lineage-${name}.txt`), text);
}
