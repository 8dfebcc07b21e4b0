import { readdir, readFile, readlink } from "node:fs/promises";
import { listenersOn } from "./tcp-table.js";

/** The program that listens on a port. */
export interface PortOwner {
  readonly uid: number;
  readonly everywhere: boolean;
  /** Null where this user may not look into the process. */
  readonly pid: number | null;
  readonly command: string | null;
}

/** Who listens on `port` here (Linux; elsewhere nobody is found). `proc` is the root of the process file system. */
export async function portOwners(port: number, proc = "/proc"): Promise<PortOwner[]> {
  const owners: PortOwner[] = [];
  for (const file of ["tcp", "tcp6"]) {
    const table = await readFile(`${proc}/net/${file}`, "latin1").catch(() => "");
    for (const row of listenersOn(table, port)) {
      const pid = await processWith(row.inode, proc);
      owners.push({
        uid: row.uid,
        everywhere: /^0+$/.test(row.address),
        pid,
        command: pid === null ? null : await commandOf(pid, proc),
      });
    }
  }
  return owners;
}

/** `postgres (pid 812)`, as well as it can be told. */
export function describeOwner(owner: PortOwner): string {
  if (owner.pid === null) return `a program of user ${owner.uid}`;
  return `${owner.command ?? "a program"} (pid ${owner.pid}, user ${owner.uid})`;
}

async function processWith(inode: number, proc: string): Promise<number | null> {
  const wanted = `socket:[${inode}]`;
  for (const pid of await readdir(proc).catch(() => [])) {
    if (!/^\d+$/.test(pid)) continue;
    for (const descriptor of await readdir(`${proc}/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`${proc}/${pid}/fd/${descriptor}`).catch(() => "");
      if (target === wanted) return Number(pid);
    }
  }
  return null;
}

async function commandOf(pid: number, proc: string): Promise<string | null> {
  const text = await readFile(`${proc}/${pid}/comm`, "utf8").catch(() => null);
  return text?.trim() || null;
}
