import type { Measure } from "../measure.js";
import { clientEnv, type OpenPath } from "../path.js";
import { run } from "../peers/process.js";

/** Runs a COPY TO STDOUT through psql into a sink that only counts. Answers bytes and seconds. */
export async function copyOut(path: OpenPath, table: string): Promise<{ bytes: number; seconds: number }> {
  const began = performance.now();
  const out = await run("sh", ["-c", `set -e; psql -X -q -v ON_ERROR_STOP=1 -c "copy ${table} to stdout" | wc -c`], {
    env: clientEnv(path),
  });
  return { bytes: Number(out.trim()), seconds: (performance.now() - began) / 1000 };
}

/** Megabytes a second of rows of one width. A path that changes no value must deliver every byte. */
export function copyMeasure(name: string, table: string, bytes: number, masked: readonly string[]): Measure {
  return {
    name,
    async run(path, open, figures) {
      const got = await copyOut(open, table);
      if (got.bytes === 0 || (!masked.includes(path) && got.bytes !== bytes))
        throw new Error(`${name} over ${path}: ${got.bytes} bytes came, ${bytes} were sent`);
      // By what was sent, so that a mask that shortens values is not counted as slow.
      figures.add(name, path, bytes / 1e6 / got.seconds, "MB/s");
    },
  };
}
