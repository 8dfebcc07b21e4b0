import { expect, it } from "vitest";
import { MalformedError } from "../../../wire/index.js";
import { message, write } from "../wire.js";
import { Bridge } from "./bridge.js";

function bridge(): Bridge {
  return new Bridge({ env: [], send: () => {}, judge: () => () => {}, tap: () => null });
}

const open = (window: number, packet: number) =>
  write(message.channelOpen).string("session").uint32(0).uint32(window).uint32(packet).end();

it("takes no packet size in which nothing fits: its peer would be written to for ever", () => {
  for (const size of [0, 1, 255]) expect(() => bridge().receive("client", open(65_536, size))).toThrow(MalformedError);
  const confirmed = bridge();
  confirmed.receive("client", open(65_536, 32_768));
  const answer = write(message.channelOpenConfirmation).uint32(0).uint32(1).uint32(65_536).uint32(0).end();
  expect(() => confirmed.receive("target", answer)).toThrow(MalformedError);
});

/** A bridge that allows everything, with what it sent. */
function allowing() {
  const sent: { to: string; payload: Buffer }[] = [];
  const made = new Bridge({
    env: [],
    send: (to, payload, data) => void sent.push({ to, payload: data ? Buffer.concat([payload, data]) : payload }),
    judge: (_request, _channel, answer) => {
      answer({ outcome: "allow" });
      return () => {};
    },
    tap: () => null,
  });
  return { made, sent, last: () => sent.at(-1)!.payload[0] };
}

const confirm = (number: number) =>
  write(message.channelOpenConfirmation).uint32(number).uint32(7).uint32(100_000).uint32(32_768).end();
const invite = (type: string) =>
  write(message.channelOpen).string(type).uint32(3).uint32(100_000).uint32(32_768).string("127.0.0.1").uint32(1).end();
const ask = (name: string) => write(message.channelRequest).uint32(0).string(name).boolean(false).end();
const close = write(message.channelClose).uint32(0).end();

it("a target opens an agent or a screen only while the channel that asked for it is open", () => {
  for (const [request, type] of [
    ["auth-agent-req@openssh.com", "auth-agent@openssh.com"],
    ["x11-req", "x11"],
  ] as const) {
    const { made, last } = allowing();
    made.receive("client", open(100_000, 32_768));
    made.receive("target", confirm(0));
    made.receive("target", invite(type));
    expect(last()).toBe(message.channelOpenFailure);
    made.receive("client", ask(request));
    made.receive("target", invite(type));
    expect(last()).toBe(message.channelOpen);
    made.receive("client", close);
    made.receive("target", close);
    made.receive("target", invite(type));
    expect(last()).toBe(message.channelOpenFailure);
  }
});

it("a hostile target neither confirms what was not passed on, nor sends beyond the window, nor answers nothing", () => {
  const held = bridge();
  held.receive(
    "client",
    write(message.channelOpen)
      .string("direct-tcpip")
      .uint32(0)
      .uint32(100_000)
      .uint32(32_768)
      .string("db")
      .uint32(1)
      .end(),
  );
  expect(() => held.receive("target", confirm(0))).toThrow(MalformedError);
  const flooding = allowing().made;
  flooding.receive("client", open(100_000, 32_768));
  flooding.receive("target", confirm(0));
  const much = write(message.channelData).uint32(0).string(Buffer.alloc(32_768)).end();
  expect(() => {
    for (let n = 0; n < 8; n++) flooding.receive("target", much);
  }).toThrow(MalformedError);
  for (const type of [message.requestSuccess, message.channelSuccess]) {
    const answering = allowing().made;
    answering.receive("client", open(100_000, 32_768));
    answering.receive("target", confirm(0));
    expect(() => answering.receive("target", write(type).uint32(0).end())).toThrow(MalformedError);
  }
});

it("a terminal is asked for before what runs on it, so that none is left unrecorded", () => {
  const { made, sent } = allowing();
  made.receive("client", open(100_000, 32_768));
  made.receive("target", confirm(0));
  made.receive("client", ask("shell"));
  const before = sent.length;
  made.receive(
    "client",
    write(message.channelRequest).uint32(0).string("pty-req").boolean(true).string("xterm").uint32(80).uint32(24).end(),
  );
  expect(sent.slice(before).map(({ to, payload }) => [to, payload[0]])).toEqual([["client", message.channelFailure]]);
});

it("what is braked gets no room, and all of it afterwards", () => {
  const sent: { to: string; payload: Buffer }[] = [];
  let brake: (on: boolean) => void = () => {};
  const made = new Bridge({
    env: [],
    send: (to, payload, data) => void sent.push({ to, payload: data ? Buffer.concat([payload, data]) : payload }),
    judge: (_request, _channel, answer) => {
      answer({ outcome: "allow" });
      return () => {};
    },
    tap: (_channel, ports) => {
      brake = ports.brake;
      return { fromClient: (data) => data, fromTarget: (data) => data, closed: () => {} };
    },
  });
  made.receive("client", open(100_000, 32_768));
  made.receive("target", confirm(0));
  made.receive("client", ask("shell"));
  brake(true);
  const before = sent.length;
  for (let n = 0; n < 3; n++) made.receive("client", write(message.channelWindowAdjust).uint32(0).uint32(1_000).end());
  expect(sent.length).toBe(before);
  brake(false);
  expect(sent.slice(before).map(({ to, payload }) => [to, payload[0], payload.readUInt32BE(5)])).toEqual([
    ["target", message.channelWindowAdjust, 3_000],
  ]);
});

it("holds no more than so much for an end that takes nothing", () => {
  const stalled = new Bridge({
    env: [],
    send: () => {},
    judge: (_request, _channel, answer) => {
      answer({ outcome: "allow" });
      return () => {};
    },
    // Makes much of little, as what cuts a stream into whole packets does.
    tap: () => ({ fromClient: () => Buffer.alloc(256 * 1024), fromTarget: (data) => data, closed: () => {} }),
  });
  stalled.receive("client", open(65_536, 32_768));
  const answer = write(message.channelOpenConfirmation).uint32(0).uint32(1).uint32(0).uint32(32_768).end();
  stalled.receive("target", answer);
  stalled.receive("client", write(message.channelRequest).uint32(0).string("exec").boolean(false).string("x").end());
  const one = write(message.channelData).uint32(0).string("x").end();
  expect(() => {
    for (let n = 0; n < 64; n++) stalled.receive("client", one);
  }).toThrow(MalformedError);
});
