// `npm run fuzz -- [--target NAME] [--seconds N] [--seed N] [--run N]`, or `npm run fuzz -- lineage [--runs N] [--seed N]`

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { fuzz } from "./fuzz.js";
import { targets } from "./targets/index.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "2000" },
    imprecise: { type: "boolean", default: false },
    target: { type: "string" },
    seconds: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    run: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(`npm run fuzz -- [options]

  --target NAME   only this one of: ${targets.map(({ name }) => name).join(", ")}
  --seconds N     time for each target (10)
  --seed N        another seed gives other inputs, the same seed the same (1)
  --run N         up to run N of the seed only, as a finding's file says

or: npm run fuzz -- lineage    random queries through masks at real servers
  --runs N        so many (2000)
  --imprecise     show those of which more was masked than had to be

Inputs to begin with: fuzz/corpus/<target>/. What is found: fuzz/findings/.`);
  process.exit(0);
}

if (positionals[0] === "lineage") {
  const { fuzzLineage } = await import("./lineage.js");
  const { runs, seed, imprecise } = values;
  process.exit((await fuzzLineage({ runs: Number(runs), seed: Number(seed), imprecise })) === 0 ? 0 : 1);
}

const chosen = targets.filter(({ name }) => values.target === undefined || name === values.target);
if (chosen.length === 0) {
  console.error(`no target is named ${values.target}; there are ${targets.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}

const found: string[] = [];
for (const target of chosen) {
  const began = performance.now();
  const result = await fuzz(target, {
    seconds: Number(values.seconds),
    seed: Number(values.seed),
    run: values.run === undefined ? null : Number(values.run),
  });
  found.push(...result.findings);
  const seconds = (performance.now() - began) / 1000;
  const verdict = result.findings.length === 0 ? "ok" : "FOUND";
  console.log(
    `${verdict.padEnd(6)}${target.name.padEnd(28)}${result.runs} runs, ${result.outcomes} outcomes, ${seconds.toFixed(1)} s`,
  );
}
for (const file of found) console.error(`\n${file}\n${readFileSync(file, "utf8").slice(0, 2_000)}`);
process.exit(found.length === 0 ? 0 : 1);
