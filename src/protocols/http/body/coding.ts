import type { Readable, Transform } from "node:stream";
import zlib from "node:zlib";
import { HoopError } from "../../../vocabulary/index.js";

/** More than this out of one byte is a bomb; JSON of one value over and over stays below it. */
const maxRatio = 200;
/** Up to this much the ratio does not matter: 4 MiB. */
const freeBytes = 4 * 1024 * 1024;
/** Never more than this of one body, however it came: 4 GiB. */
const maxDecoded = 4 * 1024 * 1024 * 1024;
/** Codings on top of each other. */
const maxCodings = 2;

/** Newer Nodes only. */
const { createZstdDecompress } = zlib as { readonly createZstdDecompress?: () => Transform };

const decoders: Readonly<Record<string, (() => Transform) | undefined>> = {
  gzip: () => zlib.createGunzip(),
  "x-gzip": () => zlib.createGunzip(),
  deflate: () => zlib.createInflate(),
  br: () => zlib.createBrotliDecompress(),
  zstd: createZstdDecompress,
};

/** What a target may answer in when its answer is to be read. */
export const readableCodings = createZstdDecompress ? "gzip, br, zstd" : "gzip, br";

/** The codings of a `Content-Encoding`, outermost last; null: one is not known here. */
export function codingsOf(value: string | undefined): readonly string[] | null {
  const names = (value ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "identity");
  return names.length <= maxCodings && names.every((name) => Object.hasOwn(decoders, name) && decoders[name])
    ? names
    : null;
}

/** The body as it is without its codings. Ends with an error where it decodes to far more than came. */
export async function* decoded(
  body: Readable,
  codings: readonly string[],
  came: { bytes: number },
): AsyncGenerator<Buffer> {
  let made = 0;
  let source: Readable = body;
  if (codings.length > 0)
    body.on("data", (chunk: Buffer) => {
      came.bytes += chunk.length;
    });
  for (const name of codings.toReversed()) {
    const before = source;
    const decoder = decoders[name]!();
    before.once("error", (error) => decoder.destroy(error));
    before.once("close", () => {
      if (!before.readableEnded) decoder.destroy(new HoopError("unavailable", "the target broke off its answer"));
    });
    source = before.pipe(decoder);
  }
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      made += chunk.length;
      if (codings.length === 0) came.bytes += chunk.length;
      if (made > maxDecoded || (codings.length > 0 && made > freeBytes && made > came.bytes * maxRatio))
        throw new HoopError("limited", "the answer unpacks to too much to be masked");
      yield chunk;
    }
  } catch (error) {
    if (error instanceof HoopError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code?.startsWith("Z_") || code?.startsWith("ERR_") || code?.startsWith("ZSTD"))
      throw new HoopError("malformed", "the answer is not in the coding that it names", { cause: error });
    throw error;
  } finally {
    source.destroy();
    body.destroy();
  }
}
