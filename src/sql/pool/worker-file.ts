import { existsSync } from "node:fs";
import { HoopError } from "../../vocabulary/index.js";

/**
 * Where the compiled worker is: beside this file, or under `dist` when this file itself runs from source. There is no way to analyse
 * without it: the parser may not run in the thread that carries everybody's bytes.
 */
export function workerFile(): URL {
  for (const place of ["./worker.js", "../../../dist/sql/pool/worker.js"]) {
    const file = new URL(place, import.meta.url);
    if (existsSync(file)) return file;
  }
  throw new HoopError("precondition-failed", "the SQL parser's worker is not built", { hint: "npm run build" });
}
