import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { HoopError } from "../../../vocabulary/index.js";

/** Files of the system such as /etc/hosts; a larger one is not edited. */
const maxBytes = 1024 * 1024;

/** What was at a path before we changed it, enough to put it back. */
export type FileBefore =
  | { readonly kind: "absent" }
  | { readonly kind: "link"; readonly target: string }
  | {
      readonly kind: "file";
      readonly base64: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    };

/** What is at `path` now. */
export function photograph(path: string): FileBefore {
  try {
    const stat = lstatSync(path);
    if (stat.isSymbolicLink()) return { kind: "link", target: readlinkSync(path) };
    return {
      kind: "file",
      base64: readShared(path)!.toString("base64"),
      mode: stat.mode & 0o7777,
      uid: stat.uid,
      gid: stat.gid,
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { kind: "absent" };
    throw error;
  }
}

/** Puts back what `photograph` saw. */
export function putBack(path: string, before: FileBefore): void {
  if (before.kind === "absent") rmSync(path, { force: true });
  else if (before.kind === "link") {
    const fresh = besides(path);
    symlinkSync(before.target, fresh);
    renameSync(fresh, path);
  } else replaceFile(path, Buffer.from(before.base64, "base64"), before);
}

/** The bytes of a file, through links; null where there is none. */
export function readShared(path: string): Buffer | null {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) throw new HoopError("unsupported", `${path} is not a plain file`);
    if (stat.size > maxBytes)
      throw new HoopError("too-large", `${path} is larger than ${maxBytes} bytes; it is left alone`);
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Changes the text of a file that others read too: through links, keeping its mode and owner, never seen half written. */
export function rewriteShared(path: string, text: Buffer): void {
  const real = realpathSync(path);
  const { mode, uid, gid } = statSync(real);
  replaceFile(real, text, { mode: mode & 0o7777, uid, gid });
}

/** Puts a file of ours at `path`; a link there is replaced, not followed. */
export function replaceFile(path: string, text: Buffer, as: { mode: number; uid?: number; gid?: number }): void {
  const fresh = besides(path);
  const file = openSync(fresh, "wx", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    if (as.uid !== undefined && as.gid !== undefined && process.geteuid?.() === 0) chownSync(fresh, as.uid, as.gid);
    chmodSync(fresh, as.mode);
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    // A file that is itself a mount (as in containers) cannot be renamed over.
    if ((error as NodeJS.ErrnoException).code !== "EBUSY") throw error;
    writeInPlace(path, text);
  }
}

/** One write, then the cut: at no moment is the file empty. */
function writeInPlace(path: string, text: Buffer): void {
  const file = openSync(path, "r+");
  try {
    writeSync(file, text, 0, text.length, 0);
    ftruncateSync(file, text.length);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function besides(path: string): string {
  return `${path}.hoop-${randomBytes(6).toString("hex")}`;
}
