// `npm run bench`: the ladder of ways to one PostgreSQL, measured in one run. See docs/benchmarks.md.
import { throwAwayCertificate } from "./certificate.js";
import { judged } from "./criteria.js";
import { createDataset } from "./dataset.js";
import { Figures } from "./figure.js";
import { measureFirstRows } from "./measures/first-row.js";
import { measuresOf } from "./measures/index.js";
import { readOptions, usage } from "./options.js";
import type { OpenPath } from "./path.js";
import { paths } from "./paths/index.js";
import { startPostgres } from "./peers/postgres.js";
import { stopAll } from "./peers/process.js";
import { criteriaTable, ladder } from "./report.js";
import { writeResults } from "./results.js";
import { runRounds } from "./rounds.js";

const options = readOptions(process.argv.slice(2));
if (!options) {
  console.log(usage);
  process.exit(0);
}

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => interrupted.abort(new Error(`stopped by ${signal}`)));

const progress = (line: string) => process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
const open = new Map<string, OpenPath>();
const failures: string[] = [];
const closing: (() => Promise<void>)[] = [];
let exit = 0;
try {
  progress("starting PostgreSQL");
  const server = await startPostgres({ tls: (await throwAwayCertificate()) ?? undefined });
  closing.push(() => server.stop());
  const dataset = await createDataset(server, options.megabytes);
  for (const path of paths) {
    interrupted.signal.throwIfAborted();
    if (options.paths && path.name !== "direct" && !options.paths.includes(path.name)) continue;
    const missing = path.missing?.() ?? null;
    if (missing) {
      failures.push(`${path.name} is left out: ${missing}`);
      continue;
    }
    progress(`starting ${path.name}`);
    try {
      const opened = await path.start(server);
      open.set(path.name, opened);
      closing.push(() => opened.stop());
    } catch (error) {
      failures.push(`${path.name} does not start: ${error instanceof Error ? error.message : error}`);
    }
  }
  const figures = new Figures();
  const { signal } = interrupted;
  failures.push(
    ...(await runRounds({
      paths: open,
      measures: measuresOf(options, dataset),
      rounds: options.rounds,
      figures,
      progress,
      signal,
    })),
  );
  failures.push(...(await measureFirstRows({ server, open, options, figures, progress, signal })));
  progress("");
  const rows = judged(figures);
  const file = writeResults(figures, rows, { ...options, failures });
  console.log(
    `\n${ladder(
      figures,
      paths.map(({ name }) => name),
    )}\n\n${criteriaTable(rows)}\n\nwritten: ${file}`,
  );
} catch (error) {
  failures.push(error instanceof Error ? error.message : String(error));
} finally {
  for (const close of closing.reverse())
    await close().catch((error: Error) => failures.push(`not stopped cleanly: ${error.message}`));
  await stopAll();
}
for (const failure of failures) console.error(`FAILED  ${failure}`);
exit = failures.length > 0 ? 1 : 0;
process.exit(exit);
