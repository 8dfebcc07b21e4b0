// One big download and upload through gateway, agent and tunnel, and what it does to their memory:
// `node scripts/run.mjs bench/http/big [--megabytes 1024]`. Ends with 1 where memory follows the body's length.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startStack } from "../paths/hoop-stack.js";
import { freePort, start, stopAll } from "../peers/process.js";
import { bigBody } from "./big-body.js";
import { listening } from "./listening.js";

const { values } = parseArgs({ options: { megabytes: { type: "string", default: "1024" } } });
const megabytes = Number(values.megabytes);
/** A first body brings code, buffers and the heap to where they are at work; the long one is compared with that. */
const warmMegabytes = Math.min(128, megabytes);
/** What garbage collection may make of two runs, MiB. */
const mayGrow = 64;

let stop = async (): Promise<void> => {};
try {
  const target = await freePort();
  start(process.execPath, [fileURLToPath(new URL("./site.js", import.meta.url)), String(target)]);
  await listening(target);
  const say = ["--protocol", "http", "--target", 'auth={"kind":"none"}'];
  const stack = await startStack([{ name: "bench-site", port: target, say }], { agent: true, tls: true });
  stop = () => stack.stop();
  const way = { ...stack.reach("bench-site"), site: "bench-site.hoop" };
  console.log(`| ${megabytes} MB | MB/s | process | before | most at ${warmMegabytes} MB | most | after | MiB |`);
  console.log("|---|---|---|---|---|---|---|---|");
  for (const method of ["GET", "PUT"] as const) {
    const warm = await bigBody(way, method, warmMegabytes, stack.pids);
    const { perSecond, memory } = await bigBody(way, method, megabytes, stack.pids);
    for (const [at, { name, before, most, after }] of memory.entries()) {
      const warmed = warm.memory[at]!.most;
      const follows = most > warmed + mayGrow;
      if (follows) process.exitCode = 1;
      const [of, speed] = at === 0 ? [method === "GET" ? "download" : "upload", perSecond.toFixed(0)] : ["", ""];
      const numbers = [before, warmed, most, after].map((one) => one.toFixed(0)).join(" | ");
      console.log(`| ${of} | ${speed} | ${name} | ${numbers} | ${follows ? "GROWS" : "constant"} |`);
    }
  }
} finally {
  await stop();
  await stopAll();
}
