import { constants } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { HoopError } from "../vocabulary/index.js";
import type { Sink, SinkPorts } from "./sink.js";
import { type ExportTarget, filePath } from "./target.js";

/**
 * JSON lines, flushed to the disk before they count as delivered. Full files are renamed to `<path>.1`, `.2`, …; the oldest go. A
 * line that a crash left half is ended with a newline before the next: nothing that comes later is spoilt by it.
 */
export function createFileSink(target: Extract<ExportTarget, { kind: "file" }>, { fileRoot }: SinkPorts): Sink {
  const path = filePath(fileRoot, target.path);
  let handle: FileHandle | null = null;
  let size = 0;

  async function opened(): Promise<FileHandle> {
    if (handle !== null) return handle;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    // Never through a link that somebody laid there.
    const made = await open(
      path,
      constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW,
      0o600,
    );
    try {
      const found = await made.stat();
      if (!found.isFile()) throw new HoopError("invalid", `${path} is no file`);
      size = found.size;
      if (size > 0) {
        const last = Buffer.alloc(1);
        await made.read(last, 0, 1, size - 1);
        if (last[0] !== 0x0a) size += (await made.write("\n")).bytesWritten;
      }
    } catch (error) {
      await made.close();
      throw error;
    }
    handle = made;
    return made;
  }

  async function rotate(): Promise<void> {
    await handle?.close();
    handle = null;
    await rm(`${path}.${target.keep}`, { force: true });
    for (let n = target.keep - 1; n >= 1; n--)
      if (
        await stat(`${path}.${n}`).then(
          () => true,
          () => false,
        )
      )
        await rename(`${path}.${n}`, `${path}.${n + 1}`);
    await rename(path, `${path}.1`);
  }

  return {
    async send(lines, signal) {
      try {
        signal.throwIfAborted();
        const text = Buffer.from(`${lines.map(({ json }) => json).join("\n")}\n`);
        let file = await opened();
        if (size > 0 && size + text.length > target.maxBytes) {
          await rotate();
          file = await opened();
        }
        await file.appendFile(text);
        await file.datasync();
        size += text.length;
      } catch (error) {
        await handle?.close().catch(() => {});
        handle = null;
        throw error instanceof HoopError
          ? error
          : new HoopError(
              "unavailable",
              `the file cannot be written: ${String((error as NodeJS.ErrnoException).code ?? "")}`,
              { cause: error },
            );
      }
    },
    async close() {
      await handle?.close();
      handle = null;
    },
  };
}
