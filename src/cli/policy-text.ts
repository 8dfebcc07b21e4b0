import { readFile } from "node:fs/promises";
import { HoopError } from "../vocabulary/index.js";

const maxBytes = 4 * 1024 * 1024;

/** A policy file's text; `-` reads stdin. Throws HoopError `invalid` or `too-large`. */
export async function policyText(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = file === "-" ? await readStdin() : await readFile(file);
  } catch (cause) {
    if (cause instanceof HoopError) throw cause;
    throw new HoopError("invalid", `${file} cannot be read`, { cause });
  }
  if (bytes.length > maxBytes) throw new HoopError("too-large", `${file} is longer than ${maxBytes} bytes`);
  return bytes.toString("utf8");
}

async function readStdin(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new HoopError("too-large", `stdin is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const units: Readonly<Record<string, number>> = { m: 1 / 60, h: 1, d: 24, w: 168 };

/** `90m`, `12h`, `30d`, `2w` as hours. */
export function hoursFrom(last: string): number {
  const [, count, unit] = /^(\d{1,5})([mhdw])$/.exec(last) ?? [];
  if (count === undefined || unit === undefined || Number(count) === 0)
    throw new HoopError("invalid", `"${last}" is not a length of time`, { hint: "say 90m, 12h, 30d or 2w" });
  return Number(count) * units[unit]!;
}
