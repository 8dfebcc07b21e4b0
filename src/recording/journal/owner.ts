import { randomUUID } from "node:crypto";
import {
  type BigIntStats,
  closeSync,
  fstatSync,
  futimesSync,
  linkSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HoopError } from "../../vocabulary/index.js";

/** Who holds a folder. Where both processes see the same process table, death is known at once; else by a silent heartbeat. */
interface Owner {
  readonly token: string;
  readonly pid: number;
  /** When the process started, in ticks of this boot: a process id is used again, both together are not. */
  readonly started: string;
  /** Host, boot and process namespace: where `pid` means anything. */
  readonly place: string;
}

const heartbeatMs = 1_000;
/** A heartbeat that stands still for this long is a dead owner's. */
const silenceMs = 6_000;

export interface Ownership {
  /** False: another process took the folder, e.g. after this one stood still for long. */
  held(): boolean;
  release(): void;
}

/**
 * Claims a folder for this process. Throws HoopError `conflict` while another living process has it; takes over what a
 * dead one left. Waits up to six seconds where only the heartbeat can tell.
 */
export async function claimFolder(folder: string): Promise<Ownership> {
  const path = join(folder, "owner");
  const me: Owner = {
    token: randomUUID(),
    pid: process.pid,
    started: startedAt(process.pid) ?? "",
    place: placeOfProcess(),
  };
  for (let attempt = 0; attempt < 20; attempt++) {
    if (linkOwner(folder, path, me)) return hold(path, me);
    const other = readOwner(path);
    if (other === "gone") continue;
    if (await alive(path, other)) {
      const who = other === "unreadable" ? "another process" : `process ${other.pid} on ${other.place.split(" ")[0]}`;
      throw new HoopError("conflict", `the journal folder ${folder} is in use by ${who}`, {
        hint: "one gateway owns one journal folder; give this one its own",
      });
    }
    setAside(path, other);
  }
  throw new HoopError("conflict", `the journal folder ${folder} is being claimed by several processes at once`);
}

function linkOwner(folder: string, path: string, me: Owner): boolean {
  const made = join(folder, `owner.${me.token}`);
  writeFileSync(made, JSON.stringify(me), { mode: 0o600, flag: "wx" });
  try {
    // A link never replaces: of two claims at once exactly one succeeds.
    linkSync(made, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new HoopError("unavailable", `the journal folder ${folder} cannot be claimed`, { cause: error });
  } finally {
    rmSync(made, { force: true });
  }
}

function readOwner(place: string | number): Owner | "gone" | "unreadable" {
  try {
    return JSON.parse(typeof place === "number" ? contentsOf(place) : readFileSync(place, "utf8")) as Owner;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "gone" : "unreadable";
  }
}

async function alive(path: string, other: Owner | "unreadable"): Promise<boolean> {
  if (other !== "unreadable" && other.place === placeOfProcess() && other.started !== "")
    return startedAt(other.pid) === other.started;
  const before = beat(path);
  for (let waited = 0; waited < silenceMs; waited += heartbeatMs / 2) {
    await sleep(heartbeatMs / 2);
    if (beat(path) !== before) return true;
  }
  return false;
}

/** Moves a dead owner's claim away; gives it back if it was no longer the one that was looked at. */
function setAside(path: string, dead: Owner | "unreadable"): void {
  const aside = `${path}.dead.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const moved = readOwner(aside);
  const same = typeof dead === "string" ? moved === dead : typeof moved !== "string" && moved.token === dead.token;
  if (!same) {
    try {
      linkSync(aside, path);
    } catch {
      // A third claim came between; its holder and the one moved away find out by `held`.
    }
  }
  rmSync(aside, { force: true });
}

function hold(path: string, me: Owner): Ownership {
  // Kept open: as long as it is, no other file gets its number, so that looking whether it is still there needs no further file.
  // Where a process has as many open as it may (a flood of connections does that), it must not take itself for robbed.
  const fd = openSync(path, "r+");
  const own = fstatSync(fd, { bigint: true });
  let lost = false;
  let closed = false;
  const check = () => {
    lost ||= !isMine(readOwner(isThere(path, own) ? fd : path), me);
  };
  check();
  const timer = setInterval(() => {
    check();
    if (lost) return;
    const now = new Date();
    try {
      futimesSync(fd, now, now);
    } catch {
      check();
    }
  }, heartbeatMs);
  timer.unref();
  return {
    held: () => !lost,
    release() {
      clearInterval(timer);
      check();
      if (!lost) rmSync(path, { force: true });
      if (!closed) closeSync(fd);
      closed = true;
      lost = true;
    },
  };
}

/** From its beginning, however often it was read before. */
function contentsOf(fd: number): string {
  const bytes = Buffer.alloc(4096);
  return bytes.toString("utf8", 0, readSync(fd, bytes, 0, bytes.length, 0));
}

function isMine(owner: Owner | "gone" | "unreadable", me: Owner): boolean {
  return typeof owner !== "string" && owner.token === me.token;
}

function isThere(path: string, own: BigIntStats): boolean {
  try {
    const there = statSync(path, { bigint: true });
    return there.ino === own.ino && there.dev === own.dev;
  } catch {
    return false;
  }
}

function beat(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return -1;
  }
}

/** Null: no such process, or this system does not tell. */
function startedAt(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name is in parentheses and may hold anything; fields count from behind it. A zombie holds nothing.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

function placeOfProcess(): string {
  const read = (what: () => string) => {
    try {
      return what().trim();
    } catch {
      return "-";
    }
  };
  return `${hostname()} ${read(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8"))} ${read(() => readlinkSync("/proc/self/ns/pid"))}`;
}
