// Runs every test and ends with one line that counts them: `N passed, N failed, N skipped`.
// `--node24` runs the unit tests a second time on Node 24, which npm brings; in continuous integration that is always done.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const node24 = "node@24.21.0";
const vitest = join("node_modules", "vitest", "vitest.mjs");
const folder = mkdtempSync(join(tmpdir(), "hoop-test-"));
const given = process.argv.slice(2);
const twice = given.includes("--node24") || Boolean(process.env.CI);
const args = given.filter((arg) => arg !== "--node24");
const total = { passed: 0, failed: 0, skipped: 0 };
/** What failed, told once more at the very end: a log of thousands of lines is often read from there. */
const failures = [];

/** One run of the suite; what it counted is added to the total. */
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
  const failedBefore = total.failed;
  try {
    const result = JSON.parse(readFileSync(report, "utf8"));
    total.passed += result.numPassedTests;
    total.failed += result.numFailedTests;
    total.skipped += result.numPendingTests + result.numTodoTests;
    for (const suite of result.testResults) {
      // A file that could not even be loaded counts as one failure; a skipped test is told by name.
      if (suite.status === "failed" && suite.assertionResults.length === 0) {
        total.failed += 1;
        failures.push(`${suite.name}\n${suite.message}`);
      }
      for (const test of suite.assertionResults) {
        if (test.status === "pending" || test.status === "skipped") console.log(`skipped: ${test.fullName}`);
        if (test.status === "failed")
          failures.push(`${suite.name} > ${test.fullName}\n${test.failureMessages.join("\n")}`);
      }
    }
  } catch (error) {
    console.error(`no report of the tests on ${name}: ${error.message}`);
    total.failed += 1;
  }
  if (code !== 0 && total.failed === failedBefore) total.failed += 1;
}

await run(`Node ${process.versions.node}`, process.execPath, [], args);
if (twice) {
  console.log(`\nThe unit tests once more, on ${node24}:`);
  // Here the files of a worker share its modules: it takes half the time, and shows what one file would leave behind for another.
  await run(
    node24,
    "npm",
    ["exec", "--yes", `--package=${node24}`, "--", "node"],
    ["--project", "unit", "--no-isolate"],
  );
}
rmSync(folder, { recursive: true, force: true });
for (const failure of failures) console.log(`\nfailed: ${failure.slice(0, 4000)}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
