import { expect, it } from "vitest";
import { message, SshReader } from "../wire.js";
import { type End, newChannel } from "./channel.js";
import { DataFlow } from "./data-flow.js";

const packet = 256 * 1024;

/** A client that keeps to its window sends packets of 256 KB, which a tap passes on whole, to a target with so large a window. */
function upload(window: number) {
  const channel = newChannel(0, "session", "client", 0);
  channel.numbers.target = 0;
  channel.window.target = window;
  channel.maxPacket.target = 32 * 1024;
  const state = { room: window, sent: 0, reached: 0 };
  const flow = new DataFlow((to: End, payload, data) => {
    if (to === "target" && data) state.reached += data.length;
    const reader = new SshReader(payload);
    if (to === "client" && reader.uint8() === message.channelWindowAdjust) {
      reader.uint32();
      state.room += reader.uint32();
    }
  });
  let kept = 0;
  channel.tap = {
    fromClient(data) {
      kept += data.length;
      const whole = kept - (kept % packet);
      kept -= whole;
      return whole > 0 ? Buffer.alloc(whole) : null;
    },
    fromTarget: (data) => data,
    closed: () => {},
  };
  const send = (most: number) => {
    for (let sent = 0; state.room > 0 && sent < most; ) {
      const length = Math.min(state.room, 32 * 1024);
      state.room -= length;
      state.sent += length;
      sent += length;
      flow.data(channel, "client", Buffer.alloc(length), null);
    }
  };
  return { state, send, take: (bytes: number) => flow.adjust(channel, "target", bytes) };
}

it("a tap that keeps parts of packets does not let a client send on while the target takes nothing", () => {
  const { state, send } = upload(2 * 1024 * 1024);
  send(1024 * 1024 * 1024);
  expect(state.sent).toBeLessThan(2 * 1024 * 1024 + 2 * packet);
});

it("packets larger than the window get through whole, also where the target takes little at a time", () => {
  const { state, send, take } = upload(20_000);
  let taken = 0;
  for (let turns = 0; turns < 2_000; turns++) {
    send(packet);
    const more = state.reached - taken;
    taken += more;
    if (more > 0) take(more);
  }
  expect(state.reached).toBeGreaterThan(4 * packet);
});

/** A target of whose window a megabyte was held back. */
function braked() {
  const channel = newChannel(0, "session", "client", 0);
  channel.numbers.target = 0;
  channel.numbers.client = 0;
  channel.maxPacket.client = 32 * 1024;
  const state = { room: 0 };
  const flow = new DataFlow((to, payload) => {
    const reader = new SshReader(payload);
    if (to !== "target" || reader.uint8() !== message.channelWindowAdjust) return;
    reader.uint32();
    state.room += reader.uint32();
  });
  flow.brake(channel, true);
  flow.adjust(channel, "client", 1024 * 1024);
  return { channel, flow, state };
}

it("a target whose brake is let go gets its room a piece at a time, and all of it in the end", () => {
  const { channel, flow, state } = braked();
  expect(state.room).toBe(0);
  flow.brake(channel, false);
  expect(state.room).toBe(64 * 1024);
  flow.brake(channel, true);
  flow.brake(channel, false);
  expect(state.room).toBe(128 * 1024);
  // As its client takes more, it comes back to the whole window.
  for (let taken = 0; taken < 1024 * 1024; taken += 32 * 1024) flow.adjust(channel, "client", 32 * 1024);
  expect(state.room).toBe(2 * 1024 * 1024);
});

it("a client that tells of its room seldom does not leave a target without any", () => {
  const { channel, flow, state } = braked();
  flow.brake(channel, false);
  let sent = 0;
  while (sent < 1024 * 1024) {
    const length = Math.min(16 * 1024, state.room - sent);
    expect(length).toBeGreaterThan(0);
    flow.data(channel, "target", Buffer.alloc(length), null);
    sent += length;
  }
  expect(state.room).toBe(1024 * 1024);
});
