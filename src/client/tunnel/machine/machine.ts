import { spawn } from "node:child_process";
import { join } from "node:path";

/** What a command answered; `code` is null where it could not be started or was ended. */
export interface CommandResult {
  readonly code: number | null;
  readonly output: string;
}

/** The computer whose names, rules and services the tunnel sets up. Tests give a folder as its root. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** Whether this process may change what belongs to the whole machine. */
  readonly privileged: boolean;
  /** An absolute path as found on this machine. */
  path(absolute: string): string;
  /** Runs a program without a shell; ended after `timeoutMs` (10 s). Never throws. */
  run(
    command: string,
    args: readonly string[],
    options?: { input?: string; timeoutMs?: number },
  ): Promise<CommandResult>;
}

const maxOutput = 256 * 1024;

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  return machineAt("/", process.platform, process.platform === "win32" || process.geteuid?.() === 0);
}

/** A machine whose files lie under `root`. */
export function machineAt(root: string, platform: NodeJS.Platform, privileged: boolean): Machine {
  return {
    platform,
    privileged,
    path: (absolute) => (root === "/" || platform === "win32" ? absolute : join(root, absolute)),
    run: runCommand,
  };
}

function runCommand(
  command: string,
  args: readonly string[],
  options: { input?: string; timeoutMs?: number } = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    // A fixed search path: as root, a folder of the user's own must not come first.
    const env = process.platform === "win32" ? process.env : { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };
    const child = spawn(command, args, {
      env,
      stdio: ["pipe", "pipe", "pipe"],
      timeout: options.timeoutMs ?? 10_000,
      windowsHide: true,
    });
    let output = "";
    const collect = (chunk: Buffer) => {
      if (output.length < maxOutput) output += chunk.toString("utf8");
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.stdin.on("error", () => {});
    child.on("error", (error) => resolve({ code: null, output: error.message }));
    child.on("close", (code) => resolve({ code, output }));
    child.stdin.end(options.input ?? "");
  });
}
