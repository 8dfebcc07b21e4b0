import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { Random } from "../../src/protocol/compliance/random.js";
import { Http2Connection } from "../../src/transport/http2/connection.js";
import { clientPreface } from "../../src/transport/http2/constants.js";
import type { Http2Error } from "../../src/transport/http2/error.js";
import { grownWindows, heldByReaders } from "../../src/transport/http2/window-budget.js";
import { Finding, type FuzzTarget } from "../target.js";

const greeting = Buffer.concat([clientPreface, frame(4, 0, 0, ""), frame(4, 1, 0, "")]);
/** POST / over http, to hoop. */
const request = "8386844104686f6f70";

/**
 * A whole server's connection, as a stranger's bytes meet it: however they are cut, the same is told of the same streams and
 * the connection ends for the same reason or not at all; what was held is given back.
 */
export const http2Connection: FuzzTarget = {
  name: "http2-connection",
  seeds: () => [
    Buffer.concat([frame(1, 4, 1, request), frame(0, 0, 1, "000000000568656c6c6f"), frame(0, 1, 1, "")]),
    Buffer.concat([frame(1, 0, 1, request.slice(0, 6)), frame(9, 4, 1, request.slice(6)), frame(3, 0, 1, "00000008")]),
    Buffer.concat([
      frame(1, 0x2c, 3, `020000000500${request}0000`),
      frame(0, 9, 3, "0261620000"),
      frame(1, 5, 5, "be"),
    ]),
    Buffer.concat([frame(4, 0, 0, "000400000000"), frame(8, 0, 0, "00010000"), frame(6, 0, 0, "0011223344556677")]),
    Buffer.concat([frame(1, 4, 1, `${request}40017801790f0d0133`), frame(1, 5, 1, "4003666f6f03626172")]),
    Buffer.concat([frame(7, 0, 0, "0000000100000000"), frame(2, 0, 9, "0000000110"), frame(77, 3, 1, "aabb")]),
  ],
  mutate: (input, random) => changedFrames(input, random),
  async run(input, random) {
    const bytes = Buffer.concat([greeting, input]);
    const whole = await serve([bytes], random(4));
    const cuts: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + random(30);
      cuts.push(bytes.subarray(at, end));
      at = end;
    }
    const cut = await serve(cuts, whole.owner);
    if (whole.words !== cut.words) throw new Finding(`whole: ${whole.words}; cut: ${cut.words}`);
    // The loop must turn, or nothing that was scheduled is ever done.
    await new Promise(setImmediate);
    if (heldByReaders.used !== 0) throw new Finding(`${heldByReaders.used} bytes are still counted as held`);
    if (grownWindows.used !== 0) throw new Finding(`${grownWindows.used} bytes of windows are still counted`);
    return whole.words
      .replace(/[0-9a-f]{5,}/g, "…")
      .replace(/\d+/g, "n")
      .slice(0, 200);
  },
};

/** `owner`: what whoever takes the calls does with them. */
async function serve(chunks: readonly Buffer[], owner: number): Promise<{ words: string; owner: number }> {
  const told: string[] = [];
  const data = new Map<number, string>();
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() }) as unknown as Socket;
  let over: Http2Error | null | undefined;
  const connection = new Http2Connection(
    socket,
    { isClient: false, encrypted: false },
    {
      ready() {},
      opened(stream, headers) {
        told.push(`open ${stream.id} ${JSON.stringify(headers)}`);
        stream.owner = {
          headers() {},
          trailers: (fields) => void told.push(`trailers ${stream.id} ${JSON.stringify(fields)}`),
          data(chunk, from, to) {
            data.set(stream.id, (data.get(stream.id) ?? "") + chunk.toString("hex", from, to));
          },
          ended: () => void told.push(`ended ${stream.id}`),
          drained() {},
          finished() {},
          closed: (code) => void told.push(`closed ${stream.id} ${code}`),
        };
        if (owner !== 1) stream.read();
        if (owner === 2) {
          stream.sendHeaders([[":status", "200"]], false);
          stream.write(Buffer.from([0]), 1, Buffer.alloc(70_000));
          stream.end([["grpc-status", "0"]]);
        } else if (owner === 3) stream.reset(8);
      },
      goaway: () => void told.push("goaway"),
      closed(error) {
        over = error;
      },
    },
  );
  for (const chunk of chunks) connection.receive(Buffer.from(chunk));
  // A slow machine handles a long input in several turns of the loop.
  while (connection.unhandled > 0) await new Promise(setImmediate);
  told.push(over === undefined ? "goes on" : `over ${over?.code}: ${over?.message}`);
  connection.destroy();
  socket.destroy();
  told.push(...[...data].map(([stream, hex]) => `data ${stream} ${hex}`));
  return { words: told.join("\n"), owner };
}

function frame(type: number, flags: number, stream: number, hex: string): Buffer {
  const payload = Buffer.from(hex, "hex");
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** Frames put elsewhere, left out, said again, with another type, flag, stream or byte; lengths are kept right most times. */
function changedFrames(input: Buffer, random: Random): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at + 9 <= input.length; ) {
    const end = Math.min(input.length, at + 9 + input.readUIntBE(at, 3));
    frames.push(Buffer.from(input.subarray(at, end)));
    at = end;
  }
  for (let changes = 1 + random(3); changes > 0; changes--) {
    const at = random(frames.length + 1);
    const one = frames[at];
    switch (random(7)) {
      case 0:
        frames.splice(at, 1);
        break;
      case 1:
        if (one) frames.splice(random(frames.length + 1), 0, Buffer.from(one));
        break;
      case 2:
        if (one) one[3] = random(11);
        break;
      case 3:
        if (one) one[4] = one[4]! ^ (1 << random(8));
        break;
      case 4:
        one?.writeUInt32BE(random(8), 5);
        break;
      case 5:
        if (one && one.length > 9) one[9 + random(one.length - 9)] = random(256);
        break;
      default:
        if (one) {
          const longer = Buffer.concat([one, Buffer.alloc(random(20), random(256))]);
          longer.writeUIntBE(longer.length - 9, 0, 3);
          frames[at] = longer;
        }
    }
  }
  return Buffer.concat(frames);
}
