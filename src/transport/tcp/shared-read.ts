import type { OnReadOpts } from "node:net";

/**
 * One buffer for the sockets of this process. Bytes are in it only from the system call to the callback that follows, which
 * copies them: cheaper than a buffer of 64 KB for each read, of which small messages use a few dozen bytes.
 */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

/** For `net.connect`: reads into the shared buffer and hands on what is the receiver's own. */
export function sharedRead(take: (chunk: Buffer) => void): OnReadOpts {
  return {
    buffer: shared,
    callback(length) {
      const chunk = Buffer.allocUnsafe(length);
      shared.copy(chunk, 0, 0, length);
      take(chunk);
      return true;
    },
  };
}
