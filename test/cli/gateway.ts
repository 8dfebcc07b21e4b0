import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { startChild } from "../../src/demo/child.js";

/** The built command line of this checkout. */
export const builtCli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly url: string;
  readonly folder: string;
  readonly password: string;
  /** Runs `hoop …` to its end, as `admin` or as whoever logged in under that name here. */
  hoop(who: string, args: readonly string[], input?: string, env?: Readonly<Record<string, string>>): Promise<Run>;
  /** Starts `hoop …`, which goes on: its lines of JSON, one at a time. */
  spawn(
    who: string,
    args: readonly string[],
  ): { readonly child: ChildProcess; readonly lines: AsyncIterator<string>; readonly exit: Promise<number | null> };
  /** As `spawn`, with a stdin that is written while it runs. */
  start(
    who: string,
    args: readonly string[],
  ): { readonly child: ChildProcess; readonly lines: AsyncIterator<string>; readonly exit: Promise<number | null> };
  stop(): Promise<void>;
}

const environment = (more: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH ?? "",
  HOME: "/nonexistent",
  ...more,
});

/** A gateway by itself, whose admin is logged in under the home `admin`; `cli`: another build than this checkout's. */
export async function startGateway(cli = builtCli): Promise<RunningCli> {
  const folder = mkdtempSync(join(tmpdir(), "hoop-cli-"));
  const password = "correct horse battery staple";
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  const home = (who: string): string => join(folder, "home", who);
  mkdirSync(join(folder, "home"), { mode: 0o700 });
  const hoop: RunningCli["hoop"] = (who, args, input = "", env = {}) =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [cli, ...args], {
        env: environment({ HOOP_HOME: home(who), ...env }),
        timeout: 60_000,
      });
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (chunk) => {
        stdout += chunk;
      });
      child.stderr.on("data", (chunk) => {
        stderr += chunk;
      });
      child.once("close", (code) => resolve({ code, stdout, stderr }));
      child.stdin.on("error", () => {});
      child.stdin.end(input);
    });
  const { child, ready } = await startChild<{ http: string }>([cli, "gateway", "--json"], {
    env: environment({
      HOOP_STATE_DIR: join(folder, "gateway"),
      HOOP_HTTP_LISTEN: "127.0.0.1:0",
      HOOP_GRPC_LISTEN: "127.0.0.1:0",
      HOOP_ADMIN_NAME: "admin",
      HOOP_ADMIN_PASSWORD_FILE: passwordFile,
      HOOP_LOG_LEVEL: "warn",
      HOOP_SAMPLES: "off",
    }),
    readyMs: 90_000,
    isReady: (line) => line.event === "ready",
  });
  const follow = (who: string, args: readonly string[], stdin: "ignore" | "pipe") => {
    const running = spawn(process.execPath, [cli, ...args], {
      env: environment({ HOOP_HOME: home(who) }),
      stdio: [stdin, "pipe", "inherit"],
    });
    const exit = new Promise<number | null>((resolve) => running.once("close", resolve));
    return { child: running, lines: createInterface({ input: running.stdout! })[Symbol.asyncIterator](), exit };
  };
  const stop = async (): Promise<void> => {
    await child.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const login = await hoop("admin", ["login", ready.http, "--user", "admin"], password);
  if (login.code !== 0) {
    await stop();
    throw new Error(`the admin cannot log in: ${login.stderr}`);
  }
  return {
    url: ready.http,
    folder,
    password,
    hoop,
    spawn: (who, args) => follow(who, args, "ignore"),
    start: (who, args) => follow(who, args, "pipe"),
    stop,
  };
}
