import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";

/** One message of a server: its type letter and body. */
export function message(type: string, ...parts: (Buffer | string | number)[]): Buffer {
  const body = Buffer.concat(
    parts.map((part) => {
      if (typeof part === "string") return Buffer.from(`${part}\0`);
      if (typeof part !== "number") return part;
      const word = Buffer.alloc(4);
      word.writeInt32BE(part);
      return word;
    }),
  );
  const head = Buffer.alloc(5);
  head.write(type, "latin1");
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

export const int16 = (value: number): Buffer => Buffer.from([(value >> 8) & 255, value & 255]);
export const row = (...cells: string[]): Buffer =>
  message("D", int16(cells.length), ...cells.flatMap((cell) => [lengthOf(cell), Buffer.from(cell)]));
/** Text columns of no relation. */
export const columns = (...names: string[]): Buffer =>
  message("T", int16(names.length), ...names.flatMap((name) => [name, 0, int16(0), 25, int16(-1), -1, int16(0)]));
export const complete = message("C", "SELECT 1");
export const ready = message("Z", Buffer.from("I"));
export const authenticated = message("R", 0);
export const key = message("K", 4711, Buffer.from([1, 2, 3, 4]));

const lengthOf = (text: string): Buffer => {
  const word = Buffer.alloc(4);
  word.writeInt32BE(Buffer.byteLength(text));
  return word;
};

/** A target's end of one connection. */
export interface Peer {
  readonly socket: Socket;
  /** Resolves when the client has sent so many messages of this type in all. */
  heard(type: string, times?: number): Promise<void>;
  /** Writes, and waits while the other side takes nothing. False: the other side is gone. */
  say(...frames: Buffer[]): Promise<boolean>;
  readonly gone: boolean;
}

export interface HostileTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  stop(): Promise<void>;
}

/** A target that does whatever `script` does, from the startup packet on. */
export async function startHostileTarget(script: (peer: Peer) => Promise<void>): Promise<HostileTarget> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    let bytes = Buffer.alloc(0);
    let started = false;
    let gone = false;
    const counts = new Map<string, number>();
    const waiting = new Set<() => void>();
    const wake = (): void => {
      for (const one of [...waiting]) one();
    };
    socket.on("error", () => {});
    socket.on("close", () => {
      gone = true;
      sockets.delete(socket);
      wake();
    });
    const peer: Peer = {
      socket,
      get gone() {
        return gone;
      },
      heard: (type, times = 1) =>
        new Promise((resolve) => {
          const look = (): void => {
            if ((counts.get(type) ?? 0) < times && !gone) return;
            waiting.delete(look);
            resolve();
          };
          waiting.add(look);
          look();
        }),
      say: async (...frames) => {
        if (gone) return false;
        if (!socket.write(Buffer.concat(frames)) && !gone)
          await new Promise<void>((resolve) => {
            const done = (): void => {
              waiting.delete(done);
              resolve();
            };
            waiting.add(done);
            socket.once("drain", done);
          });
        return !gone;
      },
    };
    socket.on("data", (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      for (;;) {
        const head = started ? 1 : 0;
        if (bytes.length < head + 4) break;
        const length = bytes.readInt32BE(head) + head;
        if (bytes.length < length) break;
        const type = started ? String.fromCharCode(bytes[0]!) : "startup";
        counts.set(type, (counts.get(type) ?? 0) + 1);
        bytes = bytes.subarray(length);
        if (!started) {
          started = true;
          void script(peer);
        }
      }
      wake();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    user: "app",
    password: "secret",
    database: "app",
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
