import { expect, it } from "vitest";
import { refuseSsh } from "./ssh.js";

it("answers an identification, however it is cut, with a whole packet that says why", () => {
  for (let length = 0; length < 20; length++) {
    const words = `hoop tunnel: ${"x".repeat(length)}`;
    const refusal = refuseSsh(words);
    expect(refusal.receive(Buffer.from("SSH-2.0-Open"))).toEqual({ send: null, over: false });
    const { send, over } = refusal.receive(Buffer.from("SSH_9.9\r\n"));
    expect(over).toBe(true);
    const packet = send!.subarray("SSH-2.0-Hoop\r\n".length);
    expect([packet.length % 8, packet.readUInt32BE(0), packet[4]! >= 4, packet[5]]).toEqual([
      0,
      packet.length - 4,
      true,
      1,
    ]);
    expect(packet.subarray(14, 14 + packet.readUInt32BE(10)).toString()).toBe(words);
  }
});

it("says nothing to what is no SSH, nor to what never ends", () => {
  expect(refuseSsh("x").receive(Buffer.from("GET / HTTP/1.1\r\n"))).toEqual({ send: null, over: true });
  expect(refuseSsh("x").receive(Buffer.alloc(300, "S"))).toEqual({ send: null, over: true });
});
