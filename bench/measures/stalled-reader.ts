import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Measure } from "../measure.js";
import { clientEnv } from "../path.js";
import { pgbench } from "./pgbench.js";

/** Bytes of memory that a process has resident now. */
function resident(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) * 1024;
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** One client asks for a gigabyte and never reads: what it costs each process, and everybody else. */
export function stalledReader(seconds: number): Measure {
  return {
    name: "stalled reader",
    maxRounds: 3,
    async run(path, open, figures) {
      const before = await pgbench(open, "prepared", 4, seconds);
      const base = Object.entries(open.pids).map(([name, pid]) => ({ name, pid, bytes: resident(pid) }));
      // Nobody reads the pipe, so psql stops reading the connection.
      const reader = spawn(
        "psql",
        ["-X", "-q", "-c", "copy (select repeat('x', 1000) from generate_series(1, 1000000)) to stdout"],
        { env: clientEnv(open), stdio: ["ignore", "pipe", "ignore"] },
      );
      try {
        await pause(2_000);
        if (reader.exitCode !== null) throw new Error(`the stalled reader of ${path} ended with ${reader.exitCode}`);
        for (const { name, pid, bytes } of base) {
          figures.add(`stalled reader growth, ${name}`, path, (resident(pid) - bytes) / 2 ** 20, "MiB");
        }
        const during = await pgbench(open, "prepared", 4, seconds);
        figures.add("stalled reader, others' p99 before", path, before.p99, "µs");
        figures.add("stalled reader, others' p99 during", path, during.p99, "µs");
      } finally {
        reader.kill("SIGKILL");
        await new Promise((resolve) =>
          reader.exitCode === null && reader.signalCode === null ? reader.once("exit", resolve) : resolve(null),
        );
      }
    },
  };
}
