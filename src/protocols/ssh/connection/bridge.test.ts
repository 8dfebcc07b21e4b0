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
