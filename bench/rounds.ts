import type { Figures } from "./figure.js";
import type { Measure } from "./measure.js";
import type { OpenPath } from "./path.js";

export interface Rounds {
  readonly paths: ReadonlyMap<string, OpenPath>;
  readonly measures: readonly Measure[];
  readonly rounds: number;
  readonly figures: Figures;
  /** Told what goes on. */
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Measures everything on every path, once a round, the paths one after the other within a measure: what disturbs the
 * machine for a while disturbs all of them, and a ratio is taken within its round. Each round begins with another path.
 */
export async function runRounds({
  paths,
  measures,
  rounds,
  figures,
  progress,
  signal,
}: Rounds): Promise<readonly string[]> {
  const failures: string[] = [];
  const broken = new Set<string>();
  for (const measure of measures) {
    if (measure.warmUp === undefined) continue;
    for (const [name, open] of paths) {
      signal.throwIfAborted();
      if (!(measure.only?.includes(name) ?? true)) continue;
      progress(`warming up: ${measure.name} over ${name}`);
      // What fails here fails again where it counts.
      await measure.warmUp(open).catch((error: unknown) => progress(String(error)));
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const measure of measures) {
      if (round >= (measure.maxRounds ?? rounds)) continue;
      const chosen = [...paths].filter(([name]) => measure.only?.includes(name) ?? true);
      const turned = chosen.map((_, index) => chosen[(index + round) % chosen.length]!);
      for (const [name, open] of turned) {
        signal.throwIfAborted();
        const cell = `${measure.name} over ${name}`;
        if (broken.has(cell)) continue;
        progress(`round ${round + 1}/${rounds}: ${cell}`);
        try {
          await measure.run(name, open, figures);
        } catch (error) {
          // The same cell would fail again; the others go on, and the run as a whole has failed.
          broken.add(cell);
          failures.push(`${cell}: ${error instanceof Error ? error.message : error}`);
        }
      }
    }
  }
  return failures;
}
