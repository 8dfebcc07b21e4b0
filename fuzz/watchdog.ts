import { Worker } from "node:worker_threads";

const maxInput = 1 << 20;

/** Watches from another thread that runs come to their end: a loop without end stops everything else. */
export interface Watchdog {
  /** A run begins with that input. */
  begin(input: Buffer): void;
  /** No run is under way. */
  rest(): void;
  stop(): Promise<void>;
}

// Plain JavaScript, so that it runs wherever the compiled files are. It ends the process: the main thread cannot.
const code = `
const { workerData } = require("node:worker_threads");
const { mkdirSync, writeFileSync } = require("node:fs");
const { dirname } = require("node:path");
const { state, input, file, limit } = workerData;
const words = new Int32Array(state);
let last = -1;
let since = Date.now();
setInterval(() => {
  const run = Atomics.load(words, 0);
  if (run !== last || run === 0) { last = run; since = Date.now(); return; }
  if (Date.now() - since < limit) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, Buffer.from(input).subarray(0, Atomics.load(words, 1)));
  process.stderr.write("no end after " + limit + " ms; the input is in " + file + "\\n");
  process.kill(process.pid, "SIGKILL");
}, 250);
`;

export function watchdog(file: string, limit = 10_000): Watchdog {
  const state = new SharedArrayBuffer(8);
  const input = new SharedArrayBuffer(maxInput);
  const words = new Int32Array(state);
  const bytes = Buffer.from(input);
  const worker = new Worker(code, { eval: true, workerData: { state, input, file, limit } });
  worker.unref();
  let runs = 0;
  return {
    begin(next) {
      next.copy(bytes);
      Atomics.store(words, 1, Math.min(next.length, maxInput));
      runs = (runs % 0x7fff_ffff) + 1;
      Atomics.store(words, 0, runs);
    },
    rest: () => void Atomics.store(words, 0, 0),
    async stop() {
      await worker.terminate();
    },
  };
}
