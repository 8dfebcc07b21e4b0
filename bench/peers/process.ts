import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { connect, createServer } from "node:net";

/** A child of this program, stopped with it. */
export interface Running {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Everything that it said so far, the last 64 KiB. */
  output(): string;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const running = new Set<Running>();

/** Starts a program that goes on running; its output is kept for error messages only. */
export function start(command: string, args: readonly string[], options: SpawnOptions = {}): Running {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  let said = "";
  const keep = (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-65_536);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  const gone = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", (error) => {
      said += error.message;
      resolve();
    });
  });
  const process: Running = {
    pid: child.pid ?? 0,
    child,
    output: () => said,
    async stop(signal = "SIGTERM") {
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
        child.kill(signal);
        const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
        await gone;
        clearTimeout(late);
      }
      running.delete(process);
    },
  };
  running.add(process);
  return process;
}

/** Stops whatever is still running, the newest first. */
export async function stopAll(): Promise<void> {
  for (const process of [...running].reverse()) await process.stop();
}

/** Runs a program to its end. Fails with what it said when it fails. */
export async function run(
  command: string,
  args: readonly string[],
  options: SpawnOptions & { readonly input?: string; readonly timeoutMs?: number } = {},
): Promise<string> {
  const { input, timeoutMs = 120_000, ...spawnOptions } = options;
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], ...spawnOptions });
  let out = "";
  let err = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    err = (err + chunk.toString()).slice(-8_192);
  });
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(input);
  const late = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).finally(() => clearTimeout(late));
  if (code !== 0)
    throw new Error(`${command} ${args.join(" ")} ended with ${code}: ${(err || out).trim().slice(-2_000)}`);
  return out;
}

/** A port of 127.0.0.1 that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The first line of JSON on the program's stdout that `wanted` takes. Fails when it ends before, or is late. */
export async function jsonLine<T>(
  running: Running,
  wanted: (value: Record<string, unknown>) => boolean,
  timeoutMs = 60_000,
): Promise<T> {
  let partial = "";
  return new Promise<T>((resolve, reject) => {
    const late = setTimeout(
      () => finish(new Error(`no word after ${timeoutMs} ms: ${running.output().slice(-2_000)}`)),
      timeoutMs,
    );
    const gone = () => finish(new Error(`it ended: ${running.output().slice(-2_000)}`));
    const read = (chunk: Buffer) => {
      const lines = (partial + chunk.toString()).split("\n");
      partial = lines.pop()!;
      for (const line of lines) {
        if (!line.startsWith("{")) continue;
        const value = JSON.parse(line) as Record<string, unknown>;
        if (wanted(value)) return finish(null, value as T);
      }
    };
    const finish = (error: Error | null, value?: T) => {
      clearTimeout(late);
      running.child.stdout?.off("data", read);
      running.child.off("exit", gone);
      if (error) reject(error);
      else resolve(value as T);
    };
    running.child.stdout?.on("data", read);
    running.child.once("exit", gone);
  });
}

/** Resolves when something accepts connections there; fails after `timeoutMs`, with what `process` said. */
export async function listening(
  port: number,
  process: Pick<Running, "child" | "output"> | null,
  timeoutMs = 15_000,
): Promise<void> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const answered = await new Promise<boolean>((resolve) => {
      const socket = connect({ port, host: "127.0.0.1" });
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (answered) return;
    const ended = process && (process.child.exitCode !== null || process.child.signalCode !== null);
    if (ended || Date.now() > until)
      throw new Error(`nothing listens on port ${port}: ${process?.output().trim().slice(-2_000) ?? "no process"}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
