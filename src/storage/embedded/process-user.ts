import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { HoopError } from "../../vocabulary/index.js";

const run = promisify(execFile);

/** Whom the server runs as. Null ids: as we ourselves do. */
export interface ProcessUser {
  readonly uid: number | null;
  readonly gid: number | null;
}

/**
 * PostgreSQL refuses root, and rightly: so a gateway that is root runs it as a system user of its own, created on the
 * first start. It is not `postgres`: whoever is superuser of another server on this machine could read our files.
 */
export async function processUser(name: string): Promise<ProcessUser> {
  if (process.getuid?.() !== 0) return { uid: null, gid: null };
  const there = (await lookUp(name)) ?? (await create(name));
  if (there !== null) return there;
  throw new HoopError(
    "unavailable",
    `the embedded PostgreSQL may not run as root and no system user ${name} could be created`,
    {
      hint: `create it (useradd --system --user-group --shell /usr/sbin/nologin ${name}), run the gateway as another user, or set DATABASE_URL`,
    },
  );
}

async function lookUp(name: string): Promise<ProcessUser | null> {
  try {
    const [uid, gid] = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])]);
    const user = { uid: Number.parseInt(uid.stdout, 10), gid: Number.parseInt(gid.stdout, 10) };
    return user.uid > 0 && user.gid > 0 ? user : null;
  } catch {
    return null;
  }
}

async function create(name: string): Promise<ProcessUser | null> {
  const env = { PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin` };
  const ways: readonly (readonly string[])[] = [
    [
      "useradd",
      "--system",
      "--user-group",
      "--no-create-home",
      "--home-dir",
      "/nonexistent",
      "--shell",
      "/usr/sbin/nologin",
      name,
    ],
    ["adduser", "-S", "-D", "-H", "-s", "/sbin/nologin", name],
  ];
  for (const [command, ...args] of ways) {
    try {
      await run(command!, args, { env });
    } catch {
      // The next way, or another start that created it a moment ago.
    }
    const user = await lookUp(name);
    if (user !== null) return user;
  }
  return null;
}

/** Whether that user can pass to a folder or run a file: asked of the kernel, so that ACLs and mounts count too. */
export async function reachable(path: string, user: ProcessUser): Promise<boolean> {
  try {
    await run("/bin/sh", ["-c", 'test -x "$1"', "sh", path], { cwd: "/", env: {}, ...ids(user) });
    return true;
  } catch {
    return false;
  }
}

/** What `spawn` takes. */
export function ids(user: ProcessUser): { uid?: number; gid?: number } {
  return user.uid === null || user.gid === null ? {} : { uid: user.uid, gid: user.gid };
}
