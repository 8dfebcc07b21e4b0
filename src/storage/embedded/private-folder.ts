import { createHash } from "node:crypto";
import { chmod, chown, lstat, mkdir, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HoopError } from "../../vocabulary/index.js";
import type { ProcessUser } from "./process-user.js";

/** The longest path a unix socket can have, bytes, without the closing NUL (sun_path). */
const longestSocketPath = process.platform === "linux" ? 107 : 103;

/** A folder that only `owner` (null ids: we) can enter. Refuses one that somebody else made. */
export async function privateFolder(path: string, owner: ProcessUser): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const state = await lstat(path);
  const own = process.getuid?.() ?? state.uid;
  if (!state.isDirectory() || (state.uid !== own && state.uid !== (owner.uid ?? own))) {
    throw new HoopError("denied", `${path} belongs to somebody else`, {
      hint: "remove it, or choose another state folder",
    });
  }
  if (process.platform === "win32") return path;
  await chmod(path, 0o700);
  if (owner.uid !== null && owner.gid !== null) await chown(path, owner.uid, owner.gid);
  return realpath(path);
}

/**
 * A private folder for sockets: `preferred`, or one below the temporary folder, named after it, when a socket called
 * `socketName` in it would have too long a path.
 */
export async function socketFolder(preferred: string, socketName: string, owner: ProcessUser): Promise<string> {
  const fits = (folder: string) => Buffer.byteLength(join(folder, socketName)) <= longestSocketPath;
  if (fits(preferred)) return privateFolder(preferred, owner);
  const short = join(tmpdir(), `hoop-${createHash("sha256").update(preferred).digest("hex").slice(0, 16)}`);
  if (fits(short)) return privateFolder(short, owner);
  throw new HoopError("invalid", `no folder with a path short enough for a socket: tried ${preferred} and ${short}`, {
    hint: "choose a state folder, or a TMPDIR, with a shorter path",
  });
}
