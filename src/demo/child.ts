import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { HoopError } from "../vocabulary/index.js";

export interface Child {
  readonly process: ChildProcess;
  /** The last lines that it wrote to standard error. */
  lastWords(): string;
  /** As far back as is kept: some thousand lines. */
  words(): string;
  /** SIGTERM, then, after a while, SIGKILL. Resolves when it is gone. */
  stop(): Promise<void>;
}

const stopMs = 15_000;

/**
 * Starts one of Hoop's programs and waits for the line of JSON that `isReady` accepts. Throws HoopError `unavailable` with
 * its last words when it ends before.
 */
export async function startChild<T>(
  args: readonly string[],
  options: {
    env: NodeJS.ProcessEnv;
    readyMs: number;
    isReady: (line: Record<string, unknown>) => boolean;
    /** A signal for our process group, such as Ctrl-C, does not reach it. */
    ownGroup?: boolean;
    spawned?: (pid: number) => void;
  },
): Promise<{ child: Child; ready: T }> {
  const child = spawn(process.execPath, args, {
    env: options.env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: options.ownGroup === true,
  });
  if (child.pid !== undefined) options.spawned?.(child.pid);
  const words: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    words.push(line);
    if (words.length > 5_000) words.shift();
  });
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const handle: Child = {
    process: child,
    lastWords: () => words.slice(-20).join("\n"),
    words: () => words.join("\n"),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      const hard = setTimeout(() => child.kill("SIGKILL"), stopMs);
      await gone;
      clearTimeout(hard);
    },
  };
  const ready = await new Promise<T>((resolve, reject) => {
    const late = setTimeout(() => fail("is not ready in time"), options.readyMs);
    const fail = (what: string): void => {
      clearTimeout(late);
      reject(new HoopError("unavailable", `hoop ${args[1]} ${what}:\n${handle.lastWords()}`));
    };
    void gone.then(() => fail("ended while it started"));
    createInterface({ input: child.stdout }).on("line", (line) => {
      let said: Record<string, unknown>;
      try {
        said = JSON.parse(line) as Record<string, unknown>;
      } catch {
        return; // a line for people
      }
      if (!options.isReady(said)) return;
      clearTimeout(late);
      resolve(said as T);
    });
  }).catch(async (error: unknown) => {
    await handle.stop();
    throw error;
  });
  return { child: handle, ready };
}

/** Runs a program to its end. `env` replaces the environment. */
export function runChild(
  command: string,
  args: readonly string[],
  options: { env: NodeJS.ProcessEnv; input?: string; timeoutMs?: number },
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: options.env,
      stdio: ["pipe", "pipe", "pipe"],
      timeout: options.timeoutMs ?? 60_000,
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
  });
}
