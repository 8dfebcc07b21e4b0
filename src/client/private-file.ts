import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { HoopError } from "../vocabulary/index.js";

const maxBytes = 4 * 1024 * 1024;

/**
 * Writes a file that only its owner may read: a new file beside it, synced, then renamed over it, so that a crash leaves
 * the old text or the new one. The folder is made with mode 0700.
 */
export function writePrivateFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const fresh = `${path}.${randomBytes(6).toString("hex")}`;
  const file = openSync(fresh, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(fresh, path);
}

/**
 * The text of a private file, null where there is none. Refuses a file that others may read or that is not a plain file.
 * `ownOnly`: and one that another user wrote, for what this process will act on with its own rights.
 */
export function readPrivateFile(path: string, { ownOnly = false } = {}): string | null {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new HoopError("unavailable", `${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`, {
      cause: error,
    });
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new HoopError("invalid", `${path} is not a plain file`);
    // Windows has no such bits; its profile folder is private by its access list.
    if (process.platform !== "win32" && (stat.mode & 0o077) !== 0) {
      throw new HoopError("precondition-failed", `${path} can be read by other users of this machine`, {
        hint: `chmod 600 ${path}, and log in again if somebody may have read it`,
      });
    }
    const self = process.geteuid?.();
    if (ownOnly && self !== undefined && stat.uid !== self && stat.uid !== 0) {
      throw new HoopError(
        "precondition-failed",
        `${path} was written by another user (${stat.uid}) and is not followed`,
        {
          hint: "run this as that user, or in a folder of your own",
        },
      );
    }
    if (stat.size > maxBytes) throw new HoopError("too-large", `${path} is larger than ${maxBytes} bytes`);
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}
