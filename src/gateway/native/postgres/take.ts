import { once } from "node:events";
import type { Duplex } from "node:stream";
import { HoopError } from "../../../vocabulary/index.js";

/** Exactly so many bytes of a stream that nobody else reads; what comes after them stays in it. Throws HoopError when it ends before. */
export async function take(stream: Duplex, bytes: number, signal: AbortSignal): Promise<Buffer> {
  for (;;) {
    if (stream.destroyed || stream.readableEnded) throw new HoopError("cancelled", "the client is gone");
    const chunk = stream.read(bytes) as Buffer | null;
    if (chunk !== null) {
      if (chunk.length === bytes) return chunk;
      throw new HoopError("cancelled", "the client left in the middle of a message");
    }
    const over = new AbortController();
    const options = { signal: AbortSignal.any([signal, over.signal]) };
    try {
      await Promise.race([
        once(stream, "readable", options),
        once(stream, "end", options),
        once(stream, "close", options),
      ]);
    } catch (error) {
      throw new HoopError("timeout", "the client did not go on with its login", { cause: error });
    } finally {
      over.abort();
    }
  }
}
