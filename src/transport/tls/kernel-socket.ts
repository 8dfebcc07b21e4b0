import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Duplex, pipeline } from "node:stream";

const tokenBytes = 16;

/** Where sockets of this process meet their other ends. */
interface Meeting {
  readonly path: string;
  /** Who waits for the end that shows this token. */
  readonly expected: Map<string, (far: Socket) => void>;
}

let meeting: Promise<Meeting> | null = null;

async function open(): Promise<Meeting> {
  const expected: Meeting["expected"] = new Map();
  // Made with mode 0700: nobody else gets as far as being asked for a token.
  const folder = process.platform === "win32" ? null : mkdtempSync(join(tmpdir(), "hoop-pair-"));
  const path = folder === null ? `\\\\?\\pipe\\hoop-${randomBytes(16).toString("hex")}` : join(folder, "s");
  const server = createServer({ allowHalfOpen: true }, (far) => {
    far.on("error", () => {});
    const hear = () => {
      const token: Buffer | null = far.read(tokenBytes);
      if (token === null) return;
      far.off("readable", hear);
      const met = expected.get(token.toString("hex"));
      if (met) met(far);
      else far.destroy();
    };
    far.on("readable", hear);
  });
  server.listen(path);
  await once(server, "listening");
  server.unref();
  if (folder !== null) process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return { path, expected };
}

/**
 * A socket of the kernel that carries what `stream` carries, for users that take a socket's handle for themselves: Node's
 * HTTP/2 on a stream of JavaScript fails an assertion of its own, and with it the process, when a client vanishes in the
 * middle of a write. The ends close each other; an abort of one is a reset of the other.
 */
export async function kernelSocket(stream: Duplex): Promise<Socket> {
  meeting ??= open();
  const { path, expected } = await meeting;
  const token = randomBytes(tokenBytes);
  const name = token.toString("hex");
  const met = new Promise<Socket>((resolve) => expected.set(name, resolve));
  // An end of one direction is the end of both, which is what HTTP/2 means by it.
  const near = connect({ path });
  try {
    await once(near, "connect");
    near.write(token);
    const far = await met;
    pipeline(stream, far, () => {});
    pipeline(far, stream, () => {});
    return near;
  } catch (error) {
    near.destroy();
    throw error;
  } finally {
    expected.delete(name);
  }
}
