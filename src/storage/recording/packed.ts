import { promisify } from "node:util";
import { constants, deflate, inflate } from "node:zlib";
import { HoopError } from "../../vocabulary/index.js";

const deflated = promisify(deflate);
const inflated = promisify(inflate);

const lineFeed = 10;
/** What one block may unpack to; a journal's record is no longer, and a batch ends with the record that fills it. */
const maxUnpacked = 128 << 20;

/**
 * Bodies as one block: one a line, in order, zlib. Entries of one stream repeat themselves; the fastest level takes nine
 * tenths off. Runs in the thread pool.
 */
export async function packBodies(bodies: readonly Uint8Array[]): Promise<Buffer> {
  const bytes = bodies.reduce((sum, body) => sum + body.length + 1, 0);
  const lines = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const body of bodies) {
    lines.set(body, at);
    at += body.length;
    lines[at++] = lineFeed;
  }
  // One chunk of output: each further one is another trip to the thread pool.
  return deflated(lines, { level: constants.Z_BEST_SPEED, chunkSize: Math.max(16 << 10, bytes >> 1) });
}

/** The bodies of a block as text. Throws HoopError `precondition-failed` where it was altered so that it does not unpack. */
export async function unpackBodies(packed: Uint8Array): Promise<string[]> {
  const lines = await inflated(packed, { maxOutputLength: maxUnpacked, chunkSize: 1 << 20 }).catch((cause: unknown) => {
    throw new HoopError(
      "precondition-failed",
      "a block of recorded entries is not what was written: it does not unpack",
      {
        hint: "`hoop audit verify` tells which entries are missing",
        cause,
      },
    );
  });
  const bodies: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const end = lines.indexOf(lineFeed, at);
    const to = end < 0 ? lines.length : end;
    bodies.push(lines.toString("utf8", at, to));
    at = to + 1;
  }
  return bodies;
}
