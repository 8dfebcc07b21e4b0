import { afterEach, describe, expect, it } from "vitest";
import { clientPreface, errorCode } from "../../src/transport/http2/constants.js";
import type { HeaderField } from "../../src/transport/http2/hpack/header-field.js";
import { ownSettings } from "../../src/transport/http2/settings.js";
import { rawFrame } from "./raw-frames.js";
import { request, type WirePeer, wirePeer } from "./wire-peer.js";

/** What RFC 9113 says to do about frames that may not be, one case each: its section, what is sent, what must come of it. */

const peers: WirePeer[] = [];
afterEach(() => {
  for (const peer of peers.splice(0)) peer.close();
});

async function open(options: Parameters<typeof wirePeer>[0] = {}): Promise<WirePeer> {
  const peer = await wirePeer(options);
  peers.push(peer);
  return peer;
}

const uint32 = (value: number) => {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value >>> 0);
  return out;
};
const setting = (id: number, value: number) => {
  const out = Buffer.alloc(6);
  out.writeUInt16BE(id);
  out.writeUInt32BE(value >>> 0, 2);
  return rawFrame(4, 0, 0, out);
};
const headers = (peer: WirePeer, stream: number, flags = 4, fields = request) =>
  rawFrame(1, flags, stream, peer.block(fields));
const without = (name: string) => request.filter(([known]) => known !== name);

/** The code of the GOAWAY that ends the connection. */
async function connectionError(peer: WirePeer): Promise<number> {
  const goaway = await peer.frame(({ type }) => type === 7);
  return goaway.payload.readUInt32BE(4);
}

type Case = readonly [section: string, what: string, frames: (peer: WirePeer) => Buffer[], code: number];

const connectionErrors: readonly Case[] = [
  [
    "4.2",
    "a frame beyond MAX_FRAME_SIZE",
    () => [Buffer.from([0x10, 0, 1, 0, 0, 0, 0, 0, 1])],
    errorCode.frameSizeError,
  ],
  [
    "4.3",
    "a header block that cannot be decoded",
    () => [rawFrame(1, 4, 1, Buffer.from([0x80]))],
    errorCode.compressionError,
  ],
  ["5.1", "DATA on an idle stream", () => [rawFrame(0, 0, 1, Buffer.alloc(1))], errorCode.protocolError],
  ["5.1", "RST_STREAM on an idle stream", () => [rawFrame(3, 0, 1, uint32(8))], errorCode.protocolError],
  ["5.1", "WINDOW_UPDATE on an idle stream", () => [rawFrame(8, 0, 1, uint32(1))], errorCode.protocolError],
  ["5.1", "CONTINUATION on an idle stream", () => [rawFrame(9, 4, 1)], errorCode.protocolError],
  [
    "5.1",
    "DATA on a stream that was reset",
    (peer) => [headers(peer, 1), rawFrame(3, 0, 1, uint32(8)), rawFrame(0, 0, 1, Buffer.alloc(1))],
    errorCode.streamClosed,
  ],
  [
    "5.1",
    "HEADERS on a stream that was reset",
    (peer) => [headers(peer, 1), rawFrame(3, 0, 1, uint32(8)), headers(peer, 1, 5)],
    errorCode.streamClosed,
  ],
  ["5.1.1", "a stream with an even number", (peer) => [headers(peer, 2)], errorCode.protocolError],
  ["5.1.1", "a stream with a lower number", (peer) => [headers(peer, 5), headers(peer, 3)], errorCode.streamClosed],
  ["6.1", "DATA on no stream", () => [rawFrame(0, 0, 0)], errorCode.protocolError],
  [
    "6.1",
    "padding longer than its frame",
    (peer) => [headers(peer, 1), rawFrame(0, 8, 1, Buffer.from([2, 0]))],
    errorCode.protocolError,
  ],
  ["6.2", "HEADERS on no stream", (peer) => [headers(peer, 0)], errorCode.protocolError],
  [
    "6.2",
    "HEADERS with padding longer than the frame",
    () => [rawFrame(1, 0xc, 1, Buffer.from([9, 0x82]))],
    errorCode.protocolError,
  ],
  ["6.3", "PRIORITY on no stream", () => [rawFrame(2, 0, 0, Buffer.alloc(5))], errorCode.protocolError],
  ["6.3", "PRIORITY of four bytes", () => [rawFrame(2, 0, 1, Buffer.alloc(4))], errorCode.frameSizeError],
  ["6.4", "RST_STREAM on no stream", () => [rawFrame(3, 0, 0, uint32(8))], errorCode.protocolError],
  [
    "6.4",
    "RST_STREAM of three bytes",
    (peer) => [headers(peer, 1), rawFrame(3, 0, 1, Buffer.alloc(3))],
    errorCode.frameSizeError,
  ],
  [
    "6.5",
    "an answer to SETTINGS that says something",
    () => [rawFrame(4, 1, 0, Buffer.alloc(6))],
    errorCode.frameSizeError,
  ],
  ["6.5", "SETTINGS on a stream", () => [rawFrame(4, 0, 1)], errorCode.protocolError],
  ["6.5", "SETTINGS of half a setting", () => [rawFrame(4, 0, 0, Buffer.alloc(3))], errorCode.frameSizeError],
  ["6.5.2", "ENABLE_PUSH of two", () => [setting(2, 2)], errorCode.protocolError],
  ["6.5.2", "INITIAL_WINDOW_SIZE beyond 2^31-1", () => [setting(4, 2 ** 31)], errorCode.flowControlError],
  ["6.5.2", "MAX_FRAME_SIZE below 16384", () => [setting(5, 16_383)], errorCode.protocolError],
  ["6.5.2", "MAX_FRAME_SIZE beyond 2^24-1", () => [setting(5, 2 ** 24)], errorCode.protocolError],
  [
    "6.6",
    "PUSH_PROMISE from a client",
    (peer) => [headers(peer, 1), rawFrame(5, 4, 1, uint32(2))],
    errorCode.protocolError,
  ],
  ["6.7", "PING of six bytes", () => [rawFrame(6, 0, 0, Buffer.alloc(6))], errorCode.frameSizeError],
  ["6.7", "PING on a stream", () => [rawFrame(6, 0, 1, Buffer.alloc(8))], errorCode.protocolError],
  ["6.8", "GOAWAY on a stream", () => [rawFrame(7, 0, 1, Buffer.alloc(8))], errorCode.protocolError],
  ["6.9", "WINDOW_UPDATE of three bytes", () => [rawFrame(8, 0, 0, Buffer.alloc(3))], errorCode.frameSizeError],
  ["6.9", "WINDOW_UPDATE by nought", () => [rawFrame(8, 0, 0, uint32(0))], errorCode.protocolError],
  [
    "6.9.1",
    "a connection's window beyond 2^31-1",
    () => [rawFrame(8, 0, 0, uint32(2 ** 31 - 1))],
    errorCode.flowControlError,
  ],
  [
    "6.9.2",
    "a stream's window beyond 2^31-1 by SETTINGS",
    (peer) => [headers(peer, 1), rawFrame(8, 0, 1, uint32(2 ** 31 - 1 - 65_535)), setting(4, 65_536)],
    errorCode.flowControlError,
  ],
  ["6.10", "CONTINUATION without HEADERS", (peer) => [headers(peer, 1, 5), rawFrame(9, 4, 1)], errorCode.protocolError],
  [
    "6.10",
    "a frame between HEADERS and CONTINUATION",
    (peer) => [headers(peer, 1, 0), rawFrame(6, 0, 0, Buffer.alloc(8))],
    errorCode.protocolError,
  ],
  [
    "6.10",
    "CONTINUATION on another stream",
    (peer) => [headers(peer, 1, 0), rawFrame(9, 4, 3)],
    errorCode.protocolError,
  ],
];

describe("a connection error", () => {
  it.each(connectionErrors)("%s: %s", async (_section, _what, frames, code) => {
    const peer = await open();
    peer.send(...frames(peer));
    expect(await connectionError(peer)).toBe(code);
    expect(peer.error).toMatchObject({ code });
    expect(peer.connection.closed).toBe(true);
  });

  it.each([
    ["3.4: a preface that is none", [Buffer.from("GET / HTTP/1.1\r\n\r\n")], errorCode.protocolError],
    ["3.4: a preface without SETTINGS", [clientPreface, rawFrame(6, 0, 0, Buffer.alloc(8))], errorCode.protocolError],
    ["3.4: a preface and the answer to SETTINGS", [clientPreface, rawFrame(4, 1, 0)], errorCode.protocolError],
    ["3.4: a preface and a frame that nobody knows", [clientPreface, rawFrame(99, 0, 0)], errorCode.protocolError],
  ])("%s", async (_what, bytes, code) => {
    const peer = await open({ greet: false });
    peer.send(...bytes);
    expect(await connectionError(peer)).toBe(code);
  });

  it("6.9.1: a stranger's first 64 KB are all that he can make us hold", async () => {
    const peer = await open();
    peer.send(headers(peer, 1));
    await peer.settled();
    peer.seen[0]!.stream.hold();
    for (let sent = 0; sent < 65_535; sent += 13_107) peer.send(rawFrame(0, 0, 1, Buffer.alloc(13_107)));
    await peer.settled();
    expect(peer.error).toBeUndefined();
    peer.send(rawFrame(0, 0, 1, Buffer.alloc(1)));
    expect(await connectionError(peer)).toBe(errorCode.flowControlError);
  });

  it("6.9.1: more DATA than a stream's window, when the connection's would have let it through", async () => {
    const peer = await open();
    peer.connection.trust();
    peer.send(headers(peer, 1));
    await peer.settled();
    peer.seen[0]!.stream.hold();
    peer.send(rawFrame(0, 0, 1, Buffer.alloc(ownSettings.initialWindowSize)));
    await peer.settled();
    expect(peer.error).toBeUndefined();
    peer.send(rawFrame(0, 0, 1, Buffer.alloc(1)));
    expect(await connectionError(peer)).toBe(errorCode.flowControlError);
  });
});

const good: readonly HeaderField[] = [...request, ["x-good", "yes"]];

describe("a stream error resets that stream and no other", () => {
  it.each<readonly [string, string, (peer: WirePeer) => Buffer[], number]>([
    [
      "5.1",
      "DATA on a stream whose half was closed",
      (peer) => [headers(peer, 1, 5), rawFrame(0, 0, 1, Buffer.alloc(1))],
      errorCode.streamClosed,
    ],
    [
      "5.1",
      "HEADERS on a stream whose half was closed",
      (peer) => [headers(peer, 1, 5), headers(peer, 1, 5, [["x", "y"]])],
      errorCode.streamClosed,
    ],
    [
      "6.9",
      "a stream's WINDOW_UPDATE by nought",
      (peer) => [headers(peer, 1), rawFrame(8, 0, 1, uint32(0))],
      errorCode.protocolError,
    ],
    [
      "6.9.1",
      "a stream's window beyond 2^31-1",
      (peer) => [headers(peer, 1), rawFrame(8, 0, 1, uint32(2 ** 31 - 1))],
      errorCode.flowControlError,
    ],
    [
      "8.1",
      "trailers that do not end the stream",
      (peer) => [headers(peer, 1), headers(peer, 1, 4, [["x", "y"]])],
      errorCode.protocolError,
    ],
    [
      "8.1.1",
      "less than the declared content",
      (peer) => [headers(peer, 1, 4, [...request, ["content-length", "2"]]), rawFrame(0, 1, 1, Buffer.alloc(1))],
      errorCode.protocolError,
    ],
    [
      "8.1.1",
      "more than the declared content",
      (peer) => [headers(peer, 1, 4, [...request, ["content-length", "2"]]), rawFrame(0, 1, 1, Buffer.alloc(3))],
      errorCode.protocolError,
    ],
    [
      "8.1.1",
      "a declared content that is no number",
      (peer) => [headers(peer, 1, 4, [...request, ["content-length", "2, 2"]])],
      errorCode.protocolError,
    ],
    [
      "8.2",
      "a name in upper case",
      (peer) => [headers(peer, 1, 4, [...request, ["X-Test", "y"]])],
      errorCode.protocolError,
    ],
    [
      "8.2.1",
      "a name with a space",
      (peer) => [headers(peer, 1, 4, [...request, ["x test", "y"]])],
      errorCode.protocolError,
    ],
    ["8.2.1", "an empty name", (peer) => [headers(peer, 1, 4, [...request, ["", "y"]])], errorCode.protocolError],
    [
      "8.2.1",
      "a value with a line break",
      (peer) => [headers(peer, 1, 4, [...request, ["x", "y\r\nz: 1"]])],
      errorCode.protocolError,
    ],
    [
      "8.2.1",
      "a value with a NUL",
      (peer) => [headers(peer, 1, 4, [...request, ["x", "y\0"]])],
      errorCode.protocolError,
    ],
    [
      "8.2.1",
      "a value that begins with a space",
      (peer) => [headers(peer, 1, 4, [...request, ["x", " y"]])],
      errorCode.protocolError,
    ],
    [
      "8.2.2",
      "connection",
      (peer) => [headers(peer, 1, 4, [...request, ["connection", "close"]])],
      errorCode.protocolError,
    ],
    [
      "8.2.2",
      "transfer-encoding",
      (peer) => [headers(peer, 1, 4, [...request, ["transfer-encoding", "chunked"]])],
      errorCode.protocolError,
    ],
    ["8.2.2", "upgrade", (peer) => [headers(peer, 1, 4, [...request, ["upgrade", "h2c"]])], errorCode.protocolError],
    [
      "8.2.2",
      "te with more than trailers",
      (peer) => [headers(peer, 1, 4, [...request, ["te", "trailers, deflate"]])],
      errorCode.protocolError,
    ],
    [
      "8.3",
      "a pseudo-header field behind another field",
      (peer) => [headers(peer, 1, 4, [["x", "y"], ...request])],
      errorCode.protocolError,
    ],
    [
      "8.3",
      "a pseudo-header field that nobody knows",
      (peer) => [headers(peer, 1, 4, [...request, [":test", "y"]])],
      errorCode.protocolError,
    ],
    [
      "8.3",
      "a pseudo-header field of a response",
      (peer) => [headers(peer, 1, 4, [...request, [":status", "200"]])],
      errorCode.protocolError,
    ],
    [
      "8.3",
      "a pseudo-header field in trailers",
      (peer) => [headers(peer, 1), headers(peer, 1, 5, [[":path", "/"]])],
      errorCode.protocolError,
    ],
    ["8.3.1", "no method", (peer) => [headers(peer, 1, 4, without(":method"))], errorCode.protocolError],
    ["8.3.1", "no scheme", (peer) => [headers(peer, 1, 4, without(":scheme"))], errorCode.protocolError],
    ["8.3.1", "no path", (peer) => [headers(peer, 1, 4, without(":path"))], errorCode.protocolError],
    [
      "8.3.1",
      "an empty path",
      (peer) => [headers(peer, 1, 4, [...without(":path"), [":path", ""]])],
      errorCode.protocolError,
    ],
    ["8.3.1", "two paths", (peer) => [headers(peer, 1, 4, [...request, [":path", "/other"]])], errorCode.protocolError],
    [
      "10.5.1",
      "a header list beyond the limit",
      (peer) => [headers(peer, 1, 4, [...request, ["x", "y".repeat(17_000)]])],
      errorCode.enhanceYourCalm,
    ],
  ])("%s: %s", async (_section, _what, frames, code) => {
    const peer = await open();
    peer.send(...frames(peer), headers(peer, 3, 5, good));
    const reset = await peer.frame(({ type }) => type === 3);
    expect([reset.stream, reset.payload.readUInt32BE(0)]).toEqual([1, code]);
    await peer.settled();
    expect(peer.error).toBeUndefined();
    expect(peer.seen.at(-1)!.headers["x-good"]).toBe("yes");
    expect(peer.seen.at(-1)!.told).toEqual(["ended"]);
  });

  it("5.1.2: one beyond the limit of streams is refused, 6.8: so is one after the last GOAWAY", async () => {
    const peer = await open();
    peer.connection.drain();
    const [first] = [await peer.frame(({ type }) => type === 7)];
    expect(first.payload.readUInt32BE(0)).toBe(2 ** 31 - 1);
    // A call that was under way when the news came is still taken.
    peer.send(headers(peer, 1));
    const ping = await peer.frame(({ type, flags }) => type === 6 && flags === 0);
    await peer.settled();
    expect(peer.seen).toHaveLength(1);
    peer.send(rawFrame(6, 1, 0, ping.payload));
    const last = await peer.frame(({ type }) => type === 7);
    expect(last.payload.readUInt32BE(0)).toBe(1);
    peer.send(headers(peer, 3));
    const reset = await peer.frame(({ type }) => type === 3);
    expect([reset.stream, reset.payload.readUInt32BE(0)]).toEqual([3, errorCode.refusedStream]);
    // The last call ends, and with it the connection.
    peer.send(rawFrame(3, 0, 1, uint32(8)));
    await expect(peer.frame(() => false)).rejects.toThrow(/closed/);
    expect(peer.error).toBeNull();
  });
});

describe("what must be taken", () => {
  it("4.1: frames of a type that nobody knows, and flags and bits that mean nothing", async () => {
    const peer = await open();
    peer.send(rawFrame(99, 255, 7, Buffer.alloc(50)), rawFrame(6, 0xfe, 0x80000000, Buffer.alloc(8, 7)));
    await peer.frame(({ type, flags, payload }) => type === 6 && flags === 1 && payload.equals(Buffer.alloc(8, 7)));
    expect(peer.error).toBeUndefined();
  });

  it("5.1: frames that were under way to a stream that we reset", async () => {
    const peer = await open();
    peer.send(headers(peer, 1));
    await peer.settled();
    peer.seen[0]!.stream.reset(errorCode.cancel);
    peer.send(
      rawFrame(0, 0, 1, Buffer.alloc(100)),
      headers(peer, 1, 5, [["x", "y"]]),
      rawFrame(8, 0, 1, uint32(9)),
      rawFrame(3, 0, 1, uint32(8)),
    );
    await peer.settled();
    expect(peer.error).toBeUndefined();
  });

  it("5.3: PRIORITY on any stream, idle ones too", async () => {
    const peer = await open();
    peer.send(
      rawFrame(2, 0, 9, Buffer.from([0, 0, 0, 9, 1])),
      rawFrame(1, 0x24, 1, Buffer.concat([Buffer.from([0x80, 0, 0, 1, 5]), peer.block(request)])),
    );
    await peer.settled();
    expect(peer.seen).toHaveLength(1);
  });

  it("6.5: settings that nobody knows; each SETTINGS is answered", async () => {
    const peer = await open();
    peer.send(setting(0xabcd, 5), setting(3, 7));
    await peer.settled();
    expect(peer.frames().filter(({ type, flags }) => type === 4 && flags === 1)).toHaveLength(3);
  });

  it("6.9.2: a window that SETTINGS put below nought, and that opens again", async () => {
    const peer = await open();
    peer.send(headers(peer, 1));
    await peer.settled();
    const { stream } = peer.seen[0]!;
    stream.sendHeaders([[":status", "200"]], false);
    stream.write(Buffer.alloc(0), 0, Buffer.alloc(60_000, 1));
    peer.send(setting(4, 10));
    await peer.settled();
    expect(stream.sendWindow).toBe(10 - 60_000);
    stream.write(Buffer.alloc(0), 0, Buffer.alloc(100, 2));
    await peer.settled();
    const sent = () =>
      peer
        .frames()
        .filter(({ type }) => type === 0)
        .reduce((sum, { payload }) => sum + payload.length, 0);
    expect(sent()).toBe(60_000);
    peer.send(rawFrame(8, 0, 1, uint32(59_990 + 40)));
    await peer.settled();
    expect(sent()).toBe(60_040);
    peer.send(rawFrame(8, 0, 1, uint32(1000)));
    await peer.settled();
    expect(sent()).toBe(60_100);
  });

  it("8.1: trailers, cookies in crumbs, and names that came twice", async () => {
    const peer = await open();
    peer.send(
      headers(peer, 1, 4, [
        ...request,
        ["cookie", "a=1"],
        ["cookie", "b=2"],
        ["x", "1"],
        ["x", "2"],
        ["constructor", "p"],
      ]),
      rawFrame(0, 0, 1, Buffer.from("body")),
      headers(peer, 1, 5, [["x-after", "1"]]),
    );
    await peer.settled();
    const [{ headers: got, told }] = peer.seen as [(typeof peer.seen)[0]];
    expect([got.cookie, got.x, got.constructor]).toEqual(["a=1; b=2", "1, 2", "p"]);
    expect(told).toEqual(["body", "trailers", "ended"]);
  });

  it("data in padded frames, whose padding counts against the windows and is given back", async () => {
    const peer = await open();
    peer.connection.trust();
    peer.send(headers(peer, 1));
    const padded = rawFrame(0, 8, 1, Buffer.concat([Buffer.from([255]), Buffer.from("x"), Buffer.alloc(255)]));
    const frames = 2 * Math.ceil(ownSettings.initialWindowSize / 257);
    for (let i = 0; i < frames; i++) peer.send(padded);
    await peer.settled();
    expect(peer.error).toBeUndefined();
    expect(peer.seen[0]!.told.join("")).toBe("x".repeat(frames));
  });
});

describe("a flood ends the connection", () => {
  const again = (frame: Buffer, times: number) => Buffer.concat(new Array<Buffer>(times).fill(frame));

  it.each<readonly [string, (peer: WirePeer) => Buffer[]]>([
    ["SETTINGS", () => [again(rawFrame(4, 0, 0), 500)]],
    ["PING", () => [again(rawFrame(6, 0, 0, Buffer.alloc(8)), 30_000)]],
    ["empty DATA", (peer) => [headers(peer, 1), again(rawFrame(0, 0, 1), 3000)]],
    ["DATA of padding alone", (peer) => [headers(peer, 1), again(rawFrame(0, 8, 1, Buffer.from([1, 0])), 3000)]],
    ["PRIORITY", () => [again(rawFrame(2, 0, 1, Buffer.alloc(5)), 5000)]],
    ["frames of extensions", () => [again(rawFrame(200, 0, 0), 5000)]],
    ["WINDOW_UPDATE", (peer) => [headers(peer, 1), again(rawFrame(8, 0, 1, uint32(1)), 60_000)]],
    [
      "rapid reset",
      (peer) =>
        Array.from({ length: 4000 }, (_, i) =>
          Buffer.concat([headers(peer, 2 * i + 1), rawFrame(3, 0, 2 * i + 1, uint32(8))]),
        ),
    ],
    [
      "resets that we are made to send",
      (peer) =>
        Array.from({ length: 4000 }, (_, i) =>
          Buffer.concat([headers(peer, 2 * i + 1), rawFrame(8, 0, 2 * i + 1, uint32(0))]),
        ),
    ],
    [
      "calls that are malformed",
      (peer) => Array.from({ length: 4000 }, (_, i) => headers(peer, 2 * i + 1, 5, [["x", "y"]])),
    ],
    ["settings by the dozen", () => [rawFrame(4, 0, 0, again(Buffer.from([0xab, 0xcd, 0, 0, 0, 1]), 40))]],
  ])("%s", async (_what, frames) => {
    const peer = await open();
    peer.send(...frames(peer));
    expect(await connectionError(peer)).toBe(errorCode.enhanceYourCalm);
  });

  it("answers that nobody reads", async () => {
    const peer = await open();
    peer.socket.pause();
    const pings = again(rawFrame(6, 0, 0, Buffer.alloc(8)), 5000);
    for (let i = 0; i < 2000 && peer.error === undefined; i++) {
      if (!peer.socket.write(pings)) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(peer.error).toMatchObject({ code: errorCode.enhanceYourCalm });
  });
});

describe("as a client", () => {
  const ask = async () => {
    const peer = await open({ ourRole: "client" });
    const told: string[] = [];
    const stream = peer.connection.request(request);
    stream.owner = {
      headers: (got) => void told.push(`headers ${got[":status"]}`),
      trailers: () => void told.push("trailers"),
      data: (chunk, from, to) => void told.push(chunk.toString("latin1", from, to)),
      ended: () => void told.push("ended"),
      drained() {},
      finished() {},
      closed: (code) => void told.push(`closed ${code}`),
    };
    stream.read();
    await peer.frame(({ type }) => type === 1);
    return { peer, stream, told };
  };

  it("takes informational responses, the response, data and trailers", async () => {
    const { peer, stream, told } = await ask();
    peer.send(
      headers(peer, 1, 4, [[":status", "103"]]),
      headers(peer, 1, 4, [[":status", "200"]]),
      rawFrame(0, 0, 1, Buffer.from("body")),
      headers(peer, 1, 5, [["grpc-status", "0"]]),
    );
    await peer.settled();
    expect(told).toEqual(["headers 200", "body", "trailers", "ended"]);
    stream.end(null);
    expect(told.at(-1)).toBe("closed 0");
  });

  it.each<readonly [string, (peer: WirePeer) => Buffer[], number]>([
    ["8.3.2: no status", (peer) => [headers(peer, 1, 4, [["x", "y"]])], errorCode.protocolError],
    ["8.3.2: a status that is none", (peer) => [headers(peer, 1, 4, [[":status", "20"]])], errorCode.protocolError],
    [
      "8.1: an informational response that ends",
      (peer) => [headers(peer, 1, 5, [[":status", "100"]])],
      errorCode.protocolError,
    ],
    ["8.1: data before the response", () => [rawFrame(0, 0, 1, Buffer.alloc(1))], errorCode.protocolError],
  ])("%s is a stream error", async (_what, frames, code) => {
    const { peer, told } = await ask();
    peer.send(...frames(peer));
    await peer.settled();
    expect(told).toEqual([`closed ${code}`]);
    expect(peer.error).toBeUndefined();
  });

  it.each<readonly [string, (peer: WirePeer) => Buffer[], number]>([
    [
      "8.4: a pushed response",
      (peer) => [rawFrame(5, 4, 1, Buffer.concat([uint32(2), peer.block(request)]))],
      errorCode.protocolError,
    ],
    ["6.5.2: a server that wants to be pushed to", () => [setting(2, 1)], errorCode.protocolError],
    ["5.1: a stream that the server opens", (peer) => [headers(peer, 2)], errorCode.protocolError],
    [
      "5.1: an answer to what was not asked",
      (peer) => [headers(peer, 3, 4, [[":status", "200"]])],
      errorCode.protocolError,
    ],
  ])("%s is a connection error", async (_what, frames, code) => {
    const { peer, told } = await ask();
    peer.send(...frames(peer));
    expect(await connectionError(peer)).toBe(code);
    expect(told).toEqual(["closed null"]);
  });

  it("5.1.2: waits while the server takes no more streams", async () => {
    const { peer, stream } = await ask();
    peer.send(setting(3, 1));
    await peer.settled();
    const second = peer.connection.request(request);
    second.write(Buffer.alloc(0), 0, Buffer.from("early"));
    await peer.settled();
    expect(second.id).toBe(0);
    stream.reset(errorCode.cancel);
    const opened = await peer.frame(({ type }) => type === 1);
    expect([opened.stream, second.id]).toEqual([3, 3]);
    expect((await peer.frame(({ type }) => type === 0)).payload.toString()).toBe("early");
  });

  it("6.8: calls that the server did not take are told so, the others go on", async () => {
    const { peer, told } = await ask();
    const second = peer.connection.request(request);
    const ends: (number | null)[] = [];
    second.owner = {
      headers() {},
      trailers() {},
      data() {},
      ended() {},
      drained() {},
      finished() {},
      closed: (code) => void ends.push(code),
    };
    await peer.frame(({ type }) => type === 1);
    peer.send(rawFrame(7, 0, 0, Buffer.concat([uint32(1), uint32(0)])));
    peer.send(headers(peer, 1, 5, [[":status", "200"]]));
    await peer.settled();
    expect(ends).toEqual([errorCode.refusedStream]);
    expect(peer.goaways).toBe(1);
    expect(peer.connection.usable).toBe(false);
    expect(told).toEqual(["headers 200", "ended"]);
  });
});
