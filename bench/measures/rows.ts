import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Measure } from "../measure.js";
import { clientEnv } from "../path.js";
import { run } from "../peers/process.js";

/** Rows a second of a plain SELECT, read by pgbench, which throws them away. */
export function rowsMeasure(name: string, table: string, rows: number, times: number): Measure {
  return {
    name,
    async run(path, open, figures) {
      const folder = mkdtempSync(join(tmpdir(), "hoop-bench-rows-"));
      try {
        const script = join(folder, "select.sql");
        writeFileSync(script, `select id, email, filler from ${table} limit ${rows};\n`);
        const out = await run("pgbench", ["-n", "-c", "1", "-t", String(times), "-M", "extended", "-f", script], {
          env: clientEnv(open),
        });
        figures.add(name, path, Number(/tps = ([\d.]+)/.exec(out)?.[1]) * rows, "rows/s");
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}
