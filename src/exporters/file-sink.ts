import { constants } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { HoopError } from "../vocabulary/index.js";
import type { Sink, SinkPorts } from "./sink.js";
import { type ExportTarget, filePath } from "./target.js";

/** What is read back of a file when it is opened: more than the lines that one crash can leave without their cursor. */
const readBack = 8 * 1024 * 1024;

/**
 * JSON lines, flushed to the disk before they count as delivered. Full files are renamed to `<path>.1`, `.2`, …; the oldest go. A
 * line that a crash left half is ended with a newline before the next: nothing that comes later is spoilt by it. Lines that a crash
 * left whole are not written again when they are sent again, as far as the last 8 MiB tell.
 */
export function createFileSink(target: Extract<ExportTarget, { kind: "file" }>, { fileRoot }: SinkPorts): Sink {
  const path = filePath(fileRoot, target.path);
  let handle: FileHandle | null = null;
  let size = 0;
  /** Ids at the file's end when it was opened, until the first lines after that are written. */
  let before: ReadonlySet<string> = new Set();

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
        const tail = Buffer.alloc(Math.min(size, readBack));
        await made.read(tail, 0, tail.length, size - tail.length);
        before = idsIn(tail.toString());
        if (tail.at(-1) !== 0x0a) size += (await made.write("\n")).bytesWritten;
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
        let file = await opened();
        const text = Buffer.from(
          lines
            .filter(({ id }) => !before.has(id))
            .map(({ json }) => `${json}\n`)
            .join(""),
        );
        if (size > 0 && size + text.length > target.maxBytes) {
          await rotate();
          file = await opened();
        }
        await file.appendFile(text);
        await file.datasync();
        before = new Set();
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

/** Ids of the lines of a text; what is no line of ours has none. */
function idsIn(text: string): Set<string> {
  const ids = new Set<string>();
  for (const line of text.split("\n")) {
    const id = idOf(line);
    if (id !== null) ids.add(id);
  }
  return ids;
}

function idOf(line: string): string | null {
  try {
    const id = (JSON.parse(line) as { id?: unknown } | null)?.id;
    return typeof id === "string" ? id : null;
  } catch {
    // The first or last line, of which only a part is there.
    return null;
  }
}
