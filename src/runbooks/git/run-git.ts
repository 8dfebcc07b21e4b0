import { spawn } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { HoopError } from "../../vocabulary/index.js";

export interface GitRun {
  /** The folder that all of it happens in; nothing outside of it is written. */
  readonly folder: string;
  /** What git may read of its environment; nothing else of ours is there. */
  readonly env: Readonly<Record<string, string>>;
  /** Settings, given by environment: they appear in no list of processes. */
  readonly config: readonly (readonly [string, string])[];
  readonly signal: AbortSignal;
  readonly maxOutput: number;
  /** Most that the folder may hold, in bytes. */
  readonly maxFolder: number;
}

const watchMs = 200;

/** Always: no hooks, no helpers, no other repository's settings, no redirects, no partial trust in what comes. */
const fixed: readonly (readonly [string, string])[] = [
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["core.symlinks", "false"],
  ["credential.helper", ""],
  ["fetch.recurseSubmodules", "no"],
  ["submodule.recurse", "false"],
  ["transfer.fsckObjects", "true"],
  ["fetch.writeCommitGraph", "false"],
  ["http.followRedirects", "false"],
  ["http.lowSpeedLimit", "1000"],
  ["http.lowSpeedTime", "20"],
  ["protocol.allow", "never"],
  ["protocol.version", "2"],
  ["gc.auto", "0"],
  ["maintenance.auto", "false"],
  ["safe.directory", "*"],
];

/** Runs git; answers its standard output. Throws HoopError with git's last words, `timeout`, `too-large`. */
export async function runGit(args: readonly string[], of: GitRun): Promise<Buffer> {
  of.signal.throwIfAborted();
  const config = [...fixed, ...of.config];
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? "/usr/bin:/bin",
    HOME: of.folder,
    XDG_CONFIG_HOME: of.folder,
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ASKPASS: "true",
    SSH_ASKPASS: "true",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_NO_LAZY_FETCH: "1",
    GIT_CONFIG_COUNT: String(config.length),
    ...of.env,
  };
  for (const [n, [key, value]] of config.entries()) {
    env[`GIT_CONFIG_KEY_${n}`] = key;
    env[`GIT_CONFIG_VALUE_${n}`] = value;
  }
  // A group of its own: what git started is ended with it.
  const child = spawn("git", args, { cwd: of.folder, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const out: Buffer[] = [];
  let size = 0;
  let words = "";
  let why: HoopError | null = null;
  const kill = (reason: HoopError): void => {
    why ??= reason;
    if (child.pid !== undefined)
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        child.kill("SIGKILL");
      }
  };
  const aborted = () => kill(new HoopError("timeout", "the repository did not answer in time"));
  of.signal.addEventListener("abort", aborted, { once: true });
  child.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > of.maxOutput) return kill(new HoopError("too-large", "the repository holds more than runbooks may"));
    out.push(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-2_000);
  });
  const watch = setInterval(() => {
    folderSize(of.folder).then(
      (bytes) =>
        bytes > of.maxFolder &&
        kill(new HoopError("too-large", "the repository is larger than what is fetched of one")),
      () => {},
    );
  }, watchMs);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", (cause) =>
        reject(
          new HoopError("unavailable", "the program git cannot be started", {
            cause,
            hint: "install git beside the gateway",
          }),
        ),
      );
      child.once("close", resolve);
    });
    if (why !== null) throw why as HoopError;
    if (code !== 0) throw new HoopError("unavailable", `git ${args[0]} failed: ${lastWords(words)}`);
    return Buffer.concat(out);
  } finally {
    clearInterval(watch);
    of.signal.removeEventListener("abort", aborted);
  }
}

/** What a server says is shown to admins: without control characters, and short. */
function lastWords(words: string): string {
  const lines = words
    .replaceAll(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, " ")
    .trim()
    .split("\n");
  return (
    lines
      .map((line) => line.trim())
      .filter(Boolean)
      .slice(-6)
      .join("; ")
      .slice(0, 600) || "it said nothing"
  );
}

async function folderSize(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile())
      bytes += await stat(join(entry.parentPath, entry.name)).then(
        (found) => found.size,
        () => 0,
      );
  return bytes;
}
