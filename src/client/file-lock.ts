import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HoopError } from "../vocabulary/index.js";
import { actAs } from "./act-as.js";

/** A holder that lives but has had the lock this long is stuck. */
const staleMs = 60_000;

/**
 * Runs `work` while this process alone holds `path` (a file that names its holder). A lock whose holder died is taken
 * over. Two processes that renew the same login would use one refresh token twice, which revokes it: hence the lock.
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  options: { waitMs?: number; owner?: number | null } = {},
): Promise<T> {
  const { waitMs = 20_000, owner = null } = options;
  const mine = `${process.pid} ${randomBytes(8).toString("hex")}`;
  const deadline = Date.now() + waitMs;
  actAs(owner, () => mkdirSync(dirname(path), { recursive: true, mode: 0o700 }));
  while (!actAs(owner, () => take(path, mine))) {
    actAs(owner, () => removeWhenStale(path));
    if (Date.now() > deadline) {
      throw new HoopError("timeout", `another hoop process has held ${path} for ${waitMs / 1000} s`, {
        hint: `if no other hoop runs, remove ${path}`,
      });
    }
    await sleep(20 + Math.random() * 30);
  }
  try {
    return await work();
  } finally {
    actAs(owner, () => {
      if (holder(path) === mine) rmSync(path, { force: true });
    });
  }
}

/** A link appears with its content at once; a file made by `open` would be seen empty for a moment. */
function take(path: string, mine: string): boolean {
  const draft = `${path}.${mine.split(" ")[1]}`;
  writeFileSync(draft, mine, { mode: 0o600 });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function holder(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function removeWhenStale(path: string): void {
  const seen = holder(path);
  if (seen === null) return;
  const pid = Number(seen.split(" ")[0]);
  if (alive(pid) && ageOf(path) < staleMs) return;
  // Renamed first: what is removed is certainly what was judged, also when two processes find it stale at once.
  const aside = `${path}.stale-${randomBytes(6).toString("hex")}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (holder(aside) !== seen) {
    try {
      linkSync(aside, path);
    } catch {
      // A third process took the lock meanwhile; the one we moved finds out when it looks for its own name.
    }
  }
  rmSync(aside, { force: true });
}

function ageOf(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

/** Whether a process lives; one of another user counts as living. */
export function alive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
