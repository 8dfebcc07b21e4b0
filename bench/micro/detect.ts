/**
 * What looking for values costs: MB of cells a second and core, by what the cells hold. All detectors of `all`.
 * `node scripts/run.mjs bench/micro/detect [megabytes]`
 */
import { Tally, valueScanner } from "../../src/masking/index.js";
import type { CellForm } from "../../src/masking/scan/index.js";
import { detectorGroups, type ScanRule } from "../../src/vocabulary/index.js";

const megabytes = Number(process.argv[2] ?? 8);
const rounds = 5;
const key = Buffer.alloc(32, 7);
const all: ScanRule = {
  rule: "bench",
  detect: detectorGroups.all,
  patterns: [],
  mask: { method: "redact" },
  keys: false,
  bytes: false,
};
const own: ScanRule = { ...all, patterns: [{ name: "staff", pattern: "\\bE-[0-9]{6}\\b" }] };

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
let state = 42;
const next = (n: number) => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 1;
  return state % n;
};
const random = (n: number, from = letters) => Array.from({ length: n }, () => from[next(from.length)]).join("");
const words =
  "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et".split(" ");
const prose = (n: number) => Array.from({ length: n }, () => words[next(words.length)]).join(" ");

/** What a row's text cells may be; one in a hundred has something to find. */
const cases: Readonly<Record<string, { readonly form: CellForm; readonly cell: (n: number) => string }>> = {
  "short names": { form: "text", cell: () => prose(2) },
  "prose of 100 words": { form: "text", cell: () => prose(100) },
  "prose, 1 in 100 with an e-mail": {
    form: "text",
    cell: (n) => (n % 100 === 0 ? `${prose(50)} jane${n}@example.com ${prose(50)}` : prose(100)),
  },
  "log lines with times and ids": {
    form: "text",
    cell: (n) => `2024-01-31 12:34:${n % 60}.123 INFO worker-${n % 16}: order ${n} of ${prose(8)} took ${next(900)} ms`,
  },
  "JSON documents of 300 bytes": {
    form: "json",
    cell: (n) =>
      JSON.stringify({ id: n, name: prose(2), at: "2024-01-31", tags: [prose(1), prose(1)], note: prose(30) }),
  },
  "an e-mail a cell": { form: "text", cell: (n) => `user${n}@example.org` },
  "base64 of 300 bytes": { form: "text", cell: () => random(300) },
  "random ASCII of 300 bytes": {
    form: "text",
    cell: () => random(300, String.fromCharCode(...Array.from({ length: 95 }, (_, i) => 32 + i))),
  },
};

function measure(cells: readonly Buffer[], form: CellForm, rule: ScanRule): number {
  const masker = valueScanner([rule], key).masker(form, new Tally());
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    // CPU time, so that what else runs here counts less.
    const begin = process.cpuUsage();
    for (const cell of cells) masker(cell, 0, cell.length);
    const { user, system } = process.cpuUsage(begin);
    best = Math.min(best, (user + system) * 1_000);
  }
  return best;
}

console.log("| cells | MB/s | ns a cell | with a pattern of one's own, MB/s |\n|---|---:|---:|---:|");
for (const [name, { form, cell }] of Object.entries(cases)) {
  const cells: Buffer[] = [];
  let bytes = 0;
  for (let n = 0; bytes < megabytes * 1e6; n++) {
    cells.push(Buffer.from(cell(n)));
    bytes += cells.at(-1)!.length;
  }
  const time = measure(cells, form, all);
  const withOwn = measure(cells, form, own);
  const rate = (ns: number) => ((bytes / ns) * 1e3).toFixed(0);
  console.log(`| ${name} | ${rate(time)} | ${(time / cells.length).toFixed(0)} | ${rate(withOwn)} |`);
}
