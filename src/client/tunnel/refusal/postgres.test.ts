import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { refusePostgres } from "./postgres.js";

function packet(code: number, rest = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + rest.length, 0);
  head.writeUInt32BE(code, 4);
  return Buffer.concat([head, rest]);
}

const ssl = packet(80877103);
const gss = packet(80877104);
const startup = packet(196608, Buffer.from("user\0ada\0\0"));

function play(...chunks: Buffer[]): { sent: string; over: boolean } {
  const refusal = refusePostgres("the gateway is away");
  let sent = "";
  let over = false;
  for (const chunk of chunks) {
    if (over) break;
    const answer = refusal.receive(chunk);
    sent += answer.send?.toString("latin1") ?? "";
    over = answer.over;
  }
  return { sent, over };
}

describe("the tunnel's own no to a PostgreSQL client", () => {
  it("offers no encryption and then says why, in one error that libpq reads", () => {
    const { sent, over } = play(gss, ssl, startup);
    expect(sent.startsWith("NNE")).toBe(true);
    expect(sent).toContain("SFATAL\0VFATAL\0C08006\0Mhoop: the gateway is away\0\0");
    expect(Buffer.from(sent.slice(2), "latin1").readUInt32BE(1)).toBe(sent.length - 3);
    expect(over).toBe(true);
  });

  it("says the same however the bytes are cut", () => {
    const all = Buffer.concat([ssl, startup]);
    const whole = play(all);
    fc.assert(
      fc.property(fc.nat(all.length), (at) => {
        expect(play(all.subarray(0, at), all.subarray(at))).toEqual(whole);
      }),
    );
    expect(play(...[...all].map((byte) => Buffer.from([byte])))).toEqual(whole);
  });

  it("answers a cancel request, TLS at once and noise with the end", () => {
    expect(play(packet(80877102, Buffer.alloc(8)))).toEqual({ sent: "", over: true });
    expect(play(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1]))).toEqual({ sent: "", over: true });
  });

  it("waits for the rest of a first packet", () => {
    expect(play(startup.subarray(0, 12))).toEqual({ sent: "", over: false });
  });
});
