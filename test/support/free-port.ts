import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * Below what the kernel gives to whoever asks for any port, listeners and callers alike: a port is often bound only seconds after it was
 * chosen, by another program, and again after that one was killed. In between nobody may come by it who did not choose it.
 */
const [first, last] = [10_000, 32_000];
/** Each worker of a run has ports of its own, so that what one has chosen no other chooses meanwhile. */
const shares = 8;
const size = Math.floor((last - first) / shares);
const begin = first + (Number(process.env.VITEST_POOL_ID ?? process.pid) % shares) * size;
const given = new Set<number>();

/** A port of 127.0.0.1 that nobody listens on, and that is given to nobody else in this process. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1_000; tries++) {
    const port = begin + randomInt(size);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`no port is free from ${begin} to ${begin + size}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
