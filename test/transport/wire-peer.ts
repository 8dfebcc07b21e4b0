import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { Http2Connection } from "../../src/transport/http2/connection.js";
import { clientPreface } from "../../src/transport/http2/constants.js";
import type { Http2Error } from "../../src/transport/http2/error.js";
import type { Headers } from "../../src/transport/http2/header-check.js";
import type { HeaderField } from "../../src/transport/http2/hpack/header-field.js";
import { HpackEncoder } from "../../src/transport/http2/hpack/hpack-encoder.js";
import type { Http2Stream } from "../../src/transport/http2/stream.js";
import { type ParsedFrame, parseFrames, rawFrame } from "./raw-frames.js";

/** A call as the connection under test told of it. */
export interface SeenStream {
  readonly stream: Http2Stream;
  readonly headers: Headers;
  readonly told: string[];
}

/** One end is ours, the other end is frames written by hand. */
export interface WirePeer {
  readonly connection: Http2Connection;
  readonly seen: SeenStream[];
  readonly goaways: number;
  /** Undefined: it is open. */
  readonly error: Http2Error | null | undefined;
  readonly socket: Socket;
  frames(): ParsedFrame[];
  send(...frames: Buffer[]): void;
  /** A header block, in the table of this peer. */
  block(fields: readonly HeaderField[]): Buffer;
  /** Waits for a frame that was not waited for before. */
  frame(wanted: (frame: ParsedFrame) => boolean): Promise<ParsedFrame>;
  /** Waits until all that was sent has been handled: an answered PING, or the end. */
  settled(): Promise<void>;
  close(): void;
}

export const request: readonly HeaderField[] = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/test"],
  [":authority", "hoop"],
];

/** Connects a hand-made peer with a connection of ours, which is the server unless told otherwise. */
export async function wirePeer(
  options: { readonly ourRole?: "client" | "server"; readonly greet?: boolean } = {},
): Promise<WirePeer> {
  const { ourRole = "server", greet = true } = options;
  const server: Server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [accepted] = (await once(server, "connection")) as [Socket];
  server.close();
  socket.on("error", () => {});
  let bytes = Buffer.alloc(0);
  let over = false;
  const wake: (() => void)[] = [];
  const changed = () => {
    for (const one of wake.splice(0)) one();
  };
  socket.on("data", (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    changed();
  });
  socket.on("close", () => {
    over = true;
    changed();
  });
  const state = { error: undefined as Http2Error | null | undefined, goaways: 0 };
  const seen: SeenStream[] = [];
  const connection = new Http2Connection(
    accepted,
    { isClient: ourRole === "client", encrypted: false },
    {
      ready() {},
      opened(stream, headers) {
        const told: string[] = [];
        seen.push({ stream, headers, told });
        stream.owner = {
          headers: () => void told.push("headers"),
          trailers: () => void told.push("trailers"),
          data: (chunk, from, to) => void told.push(chunk.toString("latin1", from, to)),
          ended: () => void told.push("ended"),
          drained: () => void told.push("drained"),
          finished: () => void told.push("finished"),
          closed: (code) => void told.push(`closed ${code}`),
        };
        stream.read();
      },
      goaway() {
        state.goaways++;
      },
      closed(error) {
        state.error = error;
      },
    },
  );
  const encoder = new HpackEncoder();
  let used = 0;
  let pings = 0;
  const peer: WirePeer = {
    connection,
    seen,
    socket,
    get goaways() {
      return state.goaways;
    },
    get error() {
      return state.error;
    },
    frames: () => parseFrames(bytes.subarray(ourRole === "client" ? clientPreface.length : 0)),
    send: (...frames) => void socket.write(Buffer.concat(frames)),
    block: (fields) => encoder.encode(fields),
    async frame(wanted) {
      for (;;) {
        const frames = peer.frames();
        const at = frames.findIndex((frame, index) => index >= used && wanted(frame));
        if (at >= 0) {
          used = at + 1;
          return frames[at]!;
        }
        if (over) throw new Error(`the connection was closed; it said ${JSON.stringify(frames.slice(used))}`);
        await new Promise<void>((resolve) => wake.push(resolve));
      }
    },
    async settled() {
      const opaque = Buffer.alloc(8, ++pings);
      peer.send(rawFrame(6, 0, 0, opaque));
      while (!over && !peer.frames().some((frame) => frame.type === 6 && frame.payload.equals(opaque))) {
        await new Promise<void>((resolve) => wake.push(resolve));
      }
    },
    close() {
      connection.destroy();
      socket.destroy();
    },
  };
  if (greet) {
    peer.send(...(ourRole === "server" ? [clientPreface] : []), rawFrame(4, 0, 0), rawFrame(4, 1, 0));
    await peer.settled();
  }
  return peer;
}
