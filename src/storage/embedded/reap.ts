import { execFile } from "node:child_process";
import { readdir, readFile, readlink, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { HoopError } from "../../vocabulary/index.js";

const run = promisify(execFile);

/**
 * PostgreSQL outlives a parent that was killed with -9. Called by the folder's owner before it starts the server: stops
 * what still runs on `dataDir` and waits for its last process, since two on one folder would destroy it.
 */
export async function reapServer(dataDir: string, waitMs = 20_000): Promise<{ readonly reaped: boolean }> {
  const pidFile = join(dataDir, "postmaster.pid");
  const postmaster = await pidFrom(pidFile);
  let running = await serverProcesses(dataDir, postmaster);
  const reaped = running.length > 0;
  const started = performance.now();
  // Fast shutdown first; then immediate, which is safe as well: the log is replayed at the next start.
  let signal: NodeJS.Signals | null = process.platform === "win32" ? "SIGTERM" : "SIGINT";
  while (running.length > 0) {
    const elapsed = performance.now() - started;
    if (elapsed > waitMs) {
      throw new HoopError(
        "conflict",
        `an earlier PostgreSQL (pid ${running[0]}) still runs on ${dataDir} and does not stop`,
        {
          hint: `stop it: kill -QUIT ${running[0]}`,
        },
      );
    }
    if (signal !== null) {
      kill(postmaster !== null && running.includes(postmaster) ? [postmaster] : running, signal, dataDir);
      signal = null;
    } else if (elapsed > waitMs / 2) {
      kill(running, "SIGQUIT", dataDir);
    }
    await sleep(20);
    running = await serverProcesses(dataDir, postmaster);
  }
  // What is left names a dead process, or one that by now is somebody else's: PostgreSQL would refuse for its sake.
  await rm(pidFile, { force: true });
  return { reaped };
}

function kill(pids: readonly number[], signal: NodeJS.Signals, dataDir: string): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EPERM") continue;
      throw new HoopError("denied", `an earlier PostgreSQL (pid ${pid}) runs on ${dataDir} as another user`, {
        hint: "stop it, or run the gateway as the user that ran it before",
      });
    }
  }
}

async function pidFrom(pidFile: string): Promise<number | null> {
  const text = await readFile(pidFile, "utf8").catch(() => "");
  const pid = Number.parseInt(text.split("\n", 1)[0] ?? "", 10);
  return Number.isSafeInteger(pid) && pid > 1 ? pid : null;
}

/** Every process of the server on that folder, the postmaster first. A pid alone proves nothing: it may be reused. */
async function serverProcesses(dataDir: string, postmaster: number | null): Promise<readonly number[]> {
  if (process.platform === "linux") return processesIn(dataDir);
  if (postmaster === null || !alive(postmaster)) return [];
  if (process.platform === "win32") return [postmaster];
  const { stdout } = await run("ps", ["-o", "command=", "-p", String(postmaster)]).catch(() => ({ stdout: "" }));
  return stdout.includes(dataDir) ? [postmaster] : [];
}

/** The server and each of its processes stand in the data folder. */
async function processesIn(dataDir: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const [cwd, command] = await Promise.all([
      readlink(`/proc/${name}/cwd`).catch(() => null),
      readFile(`/proc/${name}/cmdline`, "latin1").catch(() => ""),
    ]);
    if (cwd === dataDir && command.startsWith("postgres:")) found.push(Number(name));
    else if (cwd === dataDir && /(^|\/)postgres\0/.test(command)) found.unshift(Number(name));
  }
  return found;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
