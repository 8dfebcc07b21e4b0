// Runs every test and ends with one line that counts them: `N passed, N failed, N skipped`.
// In continuous integration a file in which something failed is run again by itself, and told of by name.
// `--node24` runs the unit tests a second time on Node 24, which npm brings; in continuous integration that is always done.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

const node24 = "node@24.21.0";
const vitest = join("node_modules", "vitest", "vitest.mjs");
const folder = mkdtempSync(join(tmpdir(), "hoop-test-"));
const given = process.argv.slice(2);
const inCi = Boolean(process.env.CI);
const twice = given.includes("--node24") || inCi;
const args = given.filter((arg) => arg !== "--node24");
/** So many files at most are run again: more is no accident. */
const mostAgain = 6;

/** What a run told of each file, by its name: its tests by theirs, and what keeps the whole file from passing, if anything does. */
async function run(name, command, before, more) {
  const report = join(folder, `${name}.json`);
  const all = [
    ...before,
    vitest,
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...more,
  ];
  const child = spawn(command, all, { stdio: ["ignore", "inherit", "inherit"], shell: process.platform === "win32" });
  const code = await new Promise((resolve) => child.on("close", resolve));
  const files = new Map();
  try {
    for (const { name: file, status, message, assertionResults } of JSON.parse(readFileSync(report, "utf8"))
      .testResults) {
      const untold = status === "failed" && !assertionResults.some((test) => test.status === "failed");
      files.set(file, { tests: assertionResults, broken: untold ? message || "it could not be run" : null });
    }
  } catch (error) {
    files.set(name, { tests: [], broken: `no report of the tests: ${error.message}` });
  }
  if (code !== 0 && !failing(files).length)
    files.set(`${name} itself`, { tests: [], broken: `the run ended with ${code}` });
  return files;
}

/** Names of the files with something that failed. */
function failing(files) {
  return [...files].flatMap(([file, { tests, broken }]) =>
    broken !== null || tests.some((test) => test.status === "failed") ? [file] : [],
  );
}

/** A run whose failed files have had a second chance, each by itself: a dozen real processes share two cores in some. What passes then is told by name. */
async function settled(name, command, before, more) {
  const files = await run(name, command, before, more);
  const again = failing(files).filter((file) => existsSync(file));
  if (!inCi || again.length === 0 || again.length > mostAgain) return files;
  console.log(`\nOnce more, by themselves: ${again.map((file) => relative(process.cwd(), file)).join(", ")}`);
  for (const [file, now] of await run(`${name} again`, command, before, ["--no-file-parallelism", ...again])) {
    const { tests, broken } = files.get(file) ?? { tests: [], broken: null };
    files.set(file, now);
    const passed = (name) => now.tests.some((test) => test.fullName === name && test.status === "passed");
    for (const { status, fullName, failureMessages } of tests)
      if (status === "failed" && passed(fullName))
        console.log(`passed only by itself: ${file} > ${fullName}\n${failureMessages.join("\n").slice(0, 4000)}`);
    if (broken !== null && now.broken === null) console.log(`passed only by itself: ${file}\n${broken.slice(0, 4000)}`);
  }
  return files;
}

const runs = [await settled(`Node ${process.versions.node}`, process.execPath, [], args)];
if (twice) {
  console.log(`\nThe unit tests once more, on ${node24}:`);
  // Here the files of a worker share its modules: it takes half the time, and shows what one file would leave behind for another.
  const node = ["exec", "--yes", `--package=${node24}`, "--", "node"];
  runs.push(await settled(node24, "npm", node, ["--project", "unit", "--no-isolate"]));
}
rmSync(folder, { recursive: true, force: true });

const total = { passed: 0, failed: 0, skipped: 0 };
/** Told once more at the very end: a log of thousands of lines is often read from there. */
const failures = [];
for (const files of runs) {
  for (const [file, { tests, broken }] of files) {
    if (broken !== null) {
      total.failed += 1;
      failures.push(`${file}\n${broken}`);
    }
    for (const { status, fullName, failureMessages } of tests) {
      if (status === "passed") total.passed += 1;
      else if (status === "failed") {
        total.failed += 1;
        failures.push(`${file} > ${fullName}\n${failureMessages.join("\n")}`);
      } else {
        total.skipped += 1;
        console.log(`skipped: ${fullName}`);
      }
    }
  }
}
for (const failure of failures) console.log(`\nfailed: ${failure.slice(0, 4000)}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
