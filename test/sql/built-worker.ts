import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Compiles the worker as it is now into a cache folder: Node's worker threads read no TypeScript. */
export function builtWorker(): URL {
  const folder = `${root}.cache/sql-worker`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/package.json`, '{ "type": "module" }\n');
  const settings = "--target es2023 --module nodenext --types node --strict --skipLibCheck --noUncheckedIndexedAccess";
  execFileSync(
    process.execPath,
    [
      `${root}node_modules/typescript/bin/tsc`,
      "--ignoreConfig",
      ...settings.split(" "),
      "--rootDir",
      `${root}src`,
      "--outDir",
      folder,
      `${root}src/sql/pool/worker.ts`,
    ],
    { cwd: root, stdio: "inherit" },
  );
  return pathToFileURL(`${folder}/sql/pool/worker.js`);
}
