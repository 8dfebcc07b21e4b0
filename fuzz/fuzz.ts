import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { memory } from "../src/protocol/compliance/memory.js";
import { mutated, type Random, randomFrom } from "../src/protocol/compliance/random.js";
import type { FuzzTarget } from "./target.js";
import { watchdog } from "./watchdog.js";

const findingsFolder = join("fuzz", "findings");
/** What a target may hold after all its runs: caches have their limits. */
const maxGrowth = 64 * 1024 * 1024;
const maxPool = 512;

export interface FuzzOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Only that run of the seed; null: all that the time allows. */
  readonly run: number | null;
}

export interface FuzzResult {
  readonly runs: number;
  /** Different words that the target had for its inputs. */
  readonly outcomes: number;
  /** Files written for what was found. */
  readonly findings: readonly string[];
}

/** Inputs kept from earlier findings and by hand: every one of them is run first, each time. */
function corpus(target: FuzzTarget): readonly Buffer[] {
  const folder = join("fuzz", "corpus", target.name);
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];
  return [...target.seeds(), ...files.map((file) => readFileSync(join(folder, file)))];
}

/** Runs one target until its time is over or something is found. */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzResult> {
  const pool = [...corpus(target)];
  const fixed = pool.length;
  const seen = new Set<string>();
  const dog = watchdog(join(findingsFolder, `${target.name}-hang.bin`));
  const until = performance.now() + options.seconds * 1000;
  const findings: string[] = [];
  let before = 0;
  let run = 0;
  for (; options.run === null ? performance.now() < until : run <= options.run; run++) {
    // A run depends on the seed, its number and what the pool holds, which depends on the same.
    const random = randomFrom(options.seed * 1_000_003 + run);
    const input = run < fixed ? pool[run]! : changed(target, pool[random(pool.length)] ?? Buffer.alloc(0), random);
    dog.begin(input);
    try {
      const words = await target.run(Buffer.from(input), randomFrom(crc32(input)));
      if (!seen.has(words) && pool.length < maxPool && run >= fixed) pool.push(input);
      seen.add(words);
    } catch (error) {
      findings.push(written(target, options.seed, run, input, error));
      break;
    }
    // What the first runs load and cache is not growth.
    if (run === 500) before = memory();
  }
  dog.rest();
  const grown = before === 0 ? 0 : memory() - before;
  if (grown > maxGrowth)
    findings.push(
      written(
        target,
        options.seed,
        run,
        Buffer.alloc(0),
        new Error(`${grown >> 20} MiB more are held after ${run} runs`),
      ),
    );
  await dog.stop();
  await target.close?.();
  return { runs: run, outcomes: seen.size, findings };
}

function changed(target: FuzzTarget, input: Buffer, random: Random): Buffer {
  return target.mutate && random(8) > 0 ? target.mutate(input, random) : mutated(random, input);
}

function written(target: FuzzTarget, seed: number, run: number, input: Buffer, error: unknown): string {
  mkdirSync(findingsFolder, { recursive: true });
  const name = join(findingsFolder, `${target.name}-${seed}-${run}`);
  writeFileSync(`${name}.bin`, input);
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const again = `npm run fuzz -- --target ${target.name} --seed ${seed} --run ${run}`;
  writeFileSync(`${name}.txt`, `${again}\n\n${stack}\n\n${input.toString("hex")}\n`);
  return `${name}.txt`;
}
