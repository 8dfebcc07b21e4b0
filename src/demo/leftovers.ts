import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { thisMachine } from "../client/tunnel/machine/machine.js";
import { restoreMachine } from "../client/tunnel/recover.js";
import { removeEmbeddedPostgres } from "../storage/embedded/remove.js";
import { HoopError } from "../vocabulary/index.js";

/** The processes of a demo, written down so that the next one finds what a killed one left. */
interface Note {
  readonly pid: number;
  readonly children: readonly number[];
}

/** Claims the folder for this process and empties it of what an earlier demo left. Throws HoopError `conflict` while one runs in it. */
export async function claimFolder(folder: string, cli: string): Promise<void> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o711 });
    const before = readNote(folder);
    if (before !== null) {
      if (commandOf(before.pid).includes("demo/main")) throw taken(folder, before.pid);
      rmSync(notePath(folder));
    }
    writeNote(folder, { pid: process.pid, children: before?.children ?? [] }, "wx");
    await removeLeftovers(folder, cli);
    writeNote(folder, { pid: process.pid, children: [] });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw taken(folder, readNote(folder)?.pid ?? 0);
    if (code !== "EACCES" && code !== "EPERM") throw error;
    throw new HoopError("denied", `${folder} cannot be written by this user: ${(error as Error).message}`, {
      hint: "an earlier demo ran as somebody else? remove the folder as that user, or set HOOP_DEMO_DIR to another",
      cause: error,
    });
  }
}

export function noteChild(folder: string, pid: number): void {
  const note = readNote(folder);
  if (note !== null) writeNote(folder, { ...note, children: [...note.children, pid] });
}

/** Ends what still runs of an earlier demo, gives the machine back what its tunnel changed, and removes its files. */
export async function removeLeftovers(folder: string, cli: string): Promise<void> {
  await endProcesses((readNote(folder)?.children ?? []).filter((pid) => commandOf(pid).includes(cli)));
  for (const server of [join(folder, "sample"), join(folder, "gateway", "postgres")])
    await removeEmbeddedPostgres(server);
  const tunnel = join(folder, "engineer", "tunnel");
  const failures = existsSync(tunnel) ? await restoreMachine(tunnel, thisMachine()) : [];
  // Its journal is the only thing that knows what to put back: it stays.
  if (failures.length > 0) {
    throw new HoopError("unavailable", `the demo's tunnel left ${failures.join(", ")}`, {
      hint: "run the demo again as the user that ran it before",
    });
  }
  for (const part of ["gateway", "agent", "admin", "engineer"])
    rmSync(join(folder, part), { recursive: true, force: true });
}

/** Lets go of the folder, and removes it when nothing of anybody else is in it. */
export function releaseFolder(folder: string): void {
  rmSync(notePath(folder), { force: true });
  try {
    rmdirSync(folder);
  } catch {
    // Not empty: somebody keeps something here.
  }
}

async function endProcesses(pids: readonly number[]): Promise<void> {
  for (const [signal, patienceMs] of [
    ["SIGTERM", 15_000],
    ["SIGKILL", 2_000],
  ] as const) {
    const left = pids.filter(isAlive);
    for (const pid of left) process.kill(pid, signal);
    for (const end = Date.now() + patienceMs; left.some(isAlive) && Date.now() < end; ) await sleep(50);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Empty when there is no such process, or the system does not tell. A pid alone proves nothing: it may be reused. */
function commandOf(pid: number): string {
  try {
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    return execFileSync("ps", ["-ww", "-o", "args=", "-p", String(pid)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    return "";
  }
}

function readNote(folder: string): Note | null {
  try {
    const { pid, children } = JSON.parse(readFileSync(notePath(folder), "utf8")) as Note;
    return {
      pid: Number(pid),
      children: children.map(Number).filter((child) => Number.isSafeInteger(child) && child > 1),
    };
  } catch {
    return null;
  }
}

function writeNote(folder: string, note: Note, flag: "w" | "wx" = "w"): void {
  writeFileSync(notePath(folder), JSON.stringify(note), { mode: 0o600, flag });
}

const notePath = (folder: string): string => join(folder, "demo.json");

function taken(folder: string, pid: number): HoopError {
  return new HoopError("conflict", `another demo${pid > 0 ? ` (pid ${pid})` : ""} runs in ${folder}`, {
    hint: "end it with Ctrl-C, or give this one a folder of its own: HOOP_DEMO_DIR=/tmp/hoop-demo npm run demo",
  });
}
