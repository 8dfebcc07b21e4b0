import { execFile, execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { RunningHoop } from "./hoop.js";
import type { PostgresServer } from "./postgres.js";

export const jdbcDriver = "/usr/share/java/postgresql.jar";
/** Debian's own, which finds Debian's drivers. */
export const python = "/usr/bin/python3";
const debianPostgres = "/usr/lib/postgresql/15/bin";

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a client to its end, whatever that is. It is killed after `timeoutMs`, which shows as code null. */
export function runClient(
  file: string,
  args: readonly string[],
  options: { env: NodeJS.ProcessEnv; cwd?: string; input?: string; timeoutMs?: number },
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      [...args],
      {
        env: { ...options.env, PATH: `${process.env.PATH}:${debianPostgres}` },
        cwd: options.cwd,
        maxBuffer: 512 * 1024 * 1024,
        timeout: options.timeoutMs ?? 120_000,
        killSignal: "SIGKILL",
      },
      (error, stdout, stderr) => {
        if (error && (error as NodeJS.ErrnoException).code === "ENOENT") return reject(error);
        resolve({ code: error ? (child.exitCode ?? null) : 0, stdout, stderr });
      },
    );
    child.stdin?.on("error", () => {});
    child.stdin?.end(options.input ?? "");
  });
}

/** Which of the drivers a person would have to install are there. */
export function hasPython(module: string): boolean {
  try {
    execFileSync(python, ["-c", `import ${module}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

export const hasJava = (): boolean => existsSync(jdbcDriver) && existsSync("/usr/bin/javac");

/** The ways to the target that must not differ. */
export type Way = "direct" | "through, no TLS" | "through, TLS";
export const ways: readonly Way[] = ["direct", "through, no TLS", "through, TLS"];

export function environment(way: Way, hoop: RunningHoop, target: PostgresServer): NodeJS.ProcessEnv {
  const shared = { PGTZ: "UTC", PGOPTIONS: "-c timezone=UTC", PYTHONHASHSEED: "0" };
  if (way === "direct") {
    return hoop.clientEnv({
      ...shared,
      PGHOST: target.host,
      PGPORT: String(target.port),
      PGUSER: target.user,
      PGPASSWORD: target.password,
    });
  }
  return hoop.clientEnv({
    ...shared,
    PGUSER: target.user,
    PGPASSWORD: "x",
    PGSSLMODE: way === "through, TLS" ? "require" : "disable",
  });
}

/** What differs from run to run whoever is in between: process numbers, pg_dump's one-time token, durations, addresses. */
export function withoutChance(text: string): string {
  return text
    .replace(/PID \d+/g, "PID")
    .replace(/^(\\(?:un)?restrict) .*$/gm, "$1")
    .replace(/^-- (Started|Completed) on .*$/gm, "-- $1")
    .replace(/^(SSL connection .*|Time: .*)\n/gm, "");
}

/** Runs a client on every way and expects one output. Answers it. */
export async function sameOnEveryWay(
  { hoop, target, reset }: { hoop: RunningHoop; target: PostgresServer; reset?: () => Promise<unknown> },
  file: string,
  args: readonly string[],
  options: { cwd?: string; input?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const outputs: string[] = [];
  for (const way of ways) {
    await reset?.();
    const done = await runClient(file, args, {
      ...options,
      env: { ...environment(way, hoop, target), ...options.env },
    });
    outputs.push(withoutChance(`${done.stdout}\n--- stderr ---\n${done.stderr}\n--- exit ${done.code}`));
  }
  const [direct, plain, tls] = outputs as [string, string, string];
  expect(plain).toBe(direct);
  expect(tls).toBe(direct);
  return direct;
}

/** Writes a script and answers its path. */
export function script(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Polls until `done` answers something true; throws with `what` after `ms`. */
export async function until<T>(
  what: string,
  done: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  ms = 60_000,
): Promise<T> {
  const deadline = Date.now() + ms;
  for (;;) {
    const value = await done();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
