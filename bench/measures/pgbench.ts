import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { percentile } from "../figure.js";
import type { Measure } from "../measure.js";
import { clientEnv, type OpenPath } from "../path.js";
import { run } from "../peers/process.js";

export interface PgbenchRun {
  readonly tps: number;
  readonly p50: number;
  readonly p99: number;
}

/** `pgbench -S`; latencies in microseconds, from its own log of a part of all transactions. */
export async function pgbench(
  path: OpenPath,
  mode: "simple" | "prepared",
  clients: number,
  seconds: number,
): Promise<PgbenchRun> {
  const folder = mkdtempSync(join(tmpdir(), "hoop-bench-log-"));
  // Its clock runs while the clients connect, one after the other.
  const duration = seconds + (clients > 8 ? 1 : 0);
  try {
    const out = await run(
      "pgbench",
      [
        ...["-n", "-S", "-M", mode, "-c", String(clients), "-j", String(Math.min(2, clients)), "-T", String(duration)],
        ...["--log", `--log-prefix=${join(folder, "log")}`, "--sampling-rate=0.2"],
      ],
      { env: clientEnv(path), timeoutMs: seconds * 1000 + 60_000 },
    );
    const tps = Number(/tps = ([\d.]+)/.exec(out)?.[1]);
    const failed = Number(/number of failed transactions: (\d+)/.exec(out)?.[1] ?? 0);
    const [, done] = /transactions actually processed: (\d+)/.exec(out) ?? [];
    if (!(tps > 0) || failed > 0)
      throw new Error(`${done} transactions, ${failed} failed in ${duration} s, connecting included`);
    const latencies = readdirSync(folder).flatMap((file) =>
      readFileSync(join(folder, file), "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => Number(line.split(" ")[2])),
    );
    return { tps, p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Some twenty thousand transactions: V8 has compiled by then what they need. */
const warmClients = 8;
const warmSeconds = 5;

/** One cell of the ladder, e.g. `prepared 32`. */
export function pgbenchMeasure(mode: "simple" | "prepared", clients: number, seconds: number): Measure {
  const name = `${mode} ${clients}`;
  return {
    name,
    ...(clients === warmClients
      ? {
          async warmUp(open) {
            await pgbench(open, mode, clients, warmSeconds);
          },
        }
      : null),
    async run(path, open, figures) {
      const { tps, p50, p99 } = await pgbench(open, mode, clients, seconds);
      figures.add(`${name} tps`, path, tps, "1/s");
      figures.add(`${name} p50`, path, p50, "µs");
      figures.add(`${name} p99`, path, p99, "µs");
    },
  };
}
