import { type Figures, median } from "../figure.js";
import type { BenchOptions } from "../options.js";
import { clientEnv, type OpenPath, serverLogin } from "../path.js";
import { delayedWay } from "../peers/delay.js";
import type { PostgresPeer } from "../peers/postgres.js";
import { run } from "../peers/process.js";

const figure = "first row over 20 ms";
const oneWay = 10;

export interface FirstRows {
  readonly server: PostgresPeer;
  /** A path that has a far hop of its own brings it as `far`. */
  readonly open: ReadonlyMap<string, OpenPath>;
  readonly options: BenchOptions;
  readonly figures: Figures;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** The time until psql has shown one row and ended, over a way of 10 ms each way; interleaved like all the rest. */
export async function measureFirstRows({
  server,
  open,
  options,
  figures,
  progress,
  signal,
}: FirstRows): Promise<readonly string[]> {
  if (options.measure !== null && !figure.includes(options.measure)) return [];
  const way = await delayedWay(server, oneWay);
  const base = { host: "127.0.0.1", port: way.port, env: serverLogin(server) };
  const ways: [string, NodeJS.ProcessEnv][] = [
    ["direct TLS SCRAM", { ...clientEnv(base), PGSSLMODE: "require" }],
    ["direct SCRAM", clientEnv(base)],
  ];
  for (const [name, path] of open) {
    if (!path.far) continue;
    const far = clientEnv(await path.far(oneWay));
    // As a person's psql does it (TLS asked for), and without.
    ways.push([name, { ...far, PGSSLMODE: "prefer" }], [`${name}, sslmode=disable`, far]);
  }
  const failures: string[] = [];
  try {
    for (let round = 0; round < options.rounds; round++) {
      for (const [name, env] of ways) {
        signal.throwIfAborted();
        progress(`round ${round + 1}/${options.rounds}: ${figure} over ${name}`);
        try {
          figures.add(figure, name, await timed(env, options.firstRowTimes), "ms");
        } catch (error) {
          failures.push(`${figure} over ${name}: ${error instanceof Error ? error.message : error}`);
        }
      }
    }
  } finally {
    await way.stop();
  }
  return failures;
}

async function timed(env: NodeJS.ProcessEnv, times: number): Promise<number> {
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    const began = performance.now();
    await run("psql", ["-X", "-At", "-c", "select 1"], { env });
    taken.push(performance.now() - began);
  }
  return median(taken)!;
}
