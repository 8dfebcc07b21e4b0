import { once } from "node:events";
import { Duplex } from "node:stream";
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from "node:zlib";

// SPDY/3.1 as kubectl speaks it to an API server: the framing of draft-mbelshe-httpbis-spdy-00, headers compressed with its dictionary.

const words =
  "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow authorization " +
  "cache-control connection content-base content-encoding content-language content-length content-location content-md5 content-range " +
  "content-type date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified " +
  "location max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding " +
  "upgrade user-agent vary via warning www-authenticate method get status";
const tail =
  "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative Information" +
  "204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error" +
  "501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, " +
  "Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript," +
  "publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";

const counted = (text: string): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, Buffer.from(text, "latin1")]);
};
const dictionary = Buffer.concat([
  ...[...words.split(" "), "200 OK", "version", "HTTP/1.1", "url", "public", "set-cookie", "keep-alive", "origin"].map(
    counted,
  ),
  Buffer.from(tail, "latin1"),
]);

/** One stream that the client opened, with its headers (names in lower case). */
export interface SpdyStream extends Duplex {
  readonly headers: Readonly<Record<string, string>>;
}

/** The server's side of one SPDY connection; every stream that the client opens is accepted and handed on. */
export function serveSpdy(wire: Duplex, onStream: (stream: SpdyStream) => void): void {
  const inflate = createInflate({ dictionary });
  const deflate = createDeflate({ dictionary });
  const streams = new Map<number, SpdyStream>();
  let pending = Buffer.alloc(0);
  let work: Promise<void> = Promise.resolve();
  wire.on("data", (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 8) {
      const length = 8 + pending.readUIntBE(5, 3);
      if (pending.length < length) break;
      const frame = Buffer.from(pending.subarray(0, length));
      pending = pending.subarray(length);
      work = work.then(() => take(frame));
    }
  });
  wire.on("error", () => {});
  wire.on("close", () => {
    for (const stream of streams.values()) stream.destroy();
  });

  const control = (type: number, flags: number, body: Buffer) => {
    const head = Buffer.from([0x80, 3, 0, type, flags, 0, 0, 0]);
    head.writeUIntBE(body.length, 5, 3);
    if (!wire.destroyed) wire.write(Buffer.concat([head, body]));
  };
  const data = (id: number, flags: number, body: Buffer) => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(id);
    head[4] = flags;
    head.writeUIntBE(body.length, 5, 3);
    return wire.destroyed || wire.write(Buffer.concat([head, body]));
  };

  async function take(frame: Buffer): Promise<void> {
    const id = frame.readUInt32BE(8 > frame.length - 4 ? 0 : 8) & 0x7fffffff;
    if (frame[0]! < 0x80) {
      const stream = streams.get(frame.readUInt32BE(0));
      if (frame.length > 8) stream?.push(frame.subarray(8));
      if (frame[4]! & 1) stream?.push(null);
      return;
    }
    switch (frame[3]) {
      case 1:
        return await open(id, frame);
      case 3:
        streams.get(id)?.destroy();
        return;
      case 6:
        return control(6, 0, frame.subarray(8));
      default:
    }
  }

  async function open(id: number, frame: Buffer): Promise<void> {
    const headers = readHeaders(await pass(inflate, frame.subarray(18)));
    const stream = Object.assign(
      new Duplex({
        allowHalfOpen: true,
        read: () => {},
        write: (chunk: Buffer, _encoding, done) => {
          data(id, 0, chunk);
          done();
        },
        final: (done) => {
          data(id, 1, Buffer.alloc(0));
          done();
        },
      }),
      { headers },
    );
    stream.on("error", () => {});
    streams.set(id, stream);
    if (frame[4]! & 1) stream.push(null);
    const reply = Buffer.alloc(4);
    reply.writeUInt32BE(id);
    control(2, 0, Buffer.concat([reply, await pass(deflate, Buffer.alloc(4))]));
    onStream(stream);
  }
}

/** One header block through a compressor that lives as long as the connection. */
async function pass(through: Inflate | Deflate, block: Buffer): Promise<Buffer> {
  const parts: Buffer[] = [];
  const collect = (part: Buffer) => void parts.push(part);
  through.on("data", collect);
  through.write(block);
  await new Promise<void>((resolve) => through.flush(constants.Z_SYNC_FLUSH, resolve));
  if (parts.length === 0) await once(through, "data");
  through.off("data", collect);
  return Buffer.concat(parts);
}

function readHeaders(block: Buffer): Record<string, string> {
  const headers: Record<string, string> = {};
  let at = 4;
  const text = () => {
    const length = block.readUInt32BE(at);
    at += 4 + length;
    return block.toString("utf8", at - length, at);
  };
  for (let left = block.readUInt32BE(0); left > 0; left--) {
    const name = text();
    headers[name.toLowerCase()] = text();
  }
  return headers;
}
