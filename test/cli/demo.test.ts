import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { builtCli } from "./gateway.js";

// A path with a space: a checkout may have one.
const parent = mkdtempSync(join(tmpdir(), "hoop demo "));
const folder = join(parent, "demo");
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const main = join(dirname(builtCli), "demo", "main.js");
const hosts = (): string => (process.platform === "win32" ? "" : readFileSync("/etc/hosts", "utf8"));

function start(...args: string[]) {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, HOOP_DEMO_DIR: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      said += chunk;
      for (const listener of listeners) listener();
    });
  }
  return {
    child,
    said: () => said,
    until: (text: string) =>
      new Promise<void>((resolve) => {
        const look = () => said.includes(text) && resolve();
        listeners.add(look);
        look();
      }),
    exit: new Promise<number | null>((resolve) => child.once("close", resolve)),
  };
}

describe("npm run demo", () => {
  it("ends its tour with 0 and leaves the machine as it was", async () => {
    const before = hosts();
    const demo = start("--once");
    expect([await demo.exit, demo.said()]).toEqual([0, expect.stringContaining("In order")]);
    expect(hosts()).toBe(before);
    expect(existsSync(folder)).toBe(false);
  });

  it("refuses a folder in which another runs, and takes over from one that was killed", async () => {
    const before = hosts();
    const first = start();
    await first.until("a gateway");
    const second = start("--once");
    expect([await second.exit, second.said()]).toEqual([
      1,
      expect.stringContaining(`another demo (pid ${first.child.pid}) runs in`),
    ]);
    await first.until("It stays up");
    first.child.kill("SIGKILL");
    await first.exit;
    const third = start("--once");
    expect([await third.exit, third.said()]).toEqual([0, expect.stringContaining("In order")]);
    expect(hosts()).toBe(before);
    expect(existsSync(folder)).toBe(false);
  }, 120_000);
});
