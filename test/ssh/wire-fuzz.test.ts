import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import fc from "fast-check";
import ssh2 from "ssh2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ssh } from "../../src/protocols/ssh/index.js";
import { message, SshWriter, write } from "../../src/protocols/ssh/wire.js";
import { type LaneOptions, type Lanes, startLanes } from "../support/lanes.js";
import { type Sshd, startSshd } from "./sshd.js";

let sshd: Sshd;
const open: Lanes[] = [];
beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(async () => {
  for (const lane of open) await lane.close();
  await sshd?.stop();
});

async function lanes(options: Partial<LaneOptions> = {}): Promise<Lanes> {
  const target = { user: "root", hostKeys: [sshd.hostKey] };
  const lane = await startLanes(ssh, { targetPort: sshd.port, target, secret: sshd.userKey, ...options });
  open.push(lane);
  return lane;
}

/** What a client behind the key exchange may say: any packet, well encrypted. */
async function client(lane: Lanes) {
  const made = new ssh2.Client();
  made.on("error", () => {});
  made.connect({
    host: "127.0.0.1",
    port: lane.port,
    username: "ada",
    authHandler: ["none"],
    hostVerifier: () => true,
  });
  const gone = new Promise<void>((resolve) => made.once("close", () => resolve()));
  await once(made, "ready");
  const transport = (made as unknown as { _protocol: Transport })._protocol;
  return {
    send(payload: Uint8Array): void {
      const { write: packets } = transport._packetRW;
      const packet = packets.alloc(payload.length);
      packet.set(payload, packets.allocStart);
      try {
        transport._cipher.encrypt(packets.finalize(packet));
      } catch {
        // It has ended.
      }
    },
    end: () => made.destroy(),
    gone,
  };
}

interface Transport {
  readonly _packetRW: {
    readonly write: { readonly allocStart: number; alloc(length: number): Buffer; finalize(packet: Buffer): Buffer };
  };
  readonly _cipher: { encrypt(packet: Buffer): void };
}

/** Whoever comes next is served as if nothing had been. */
async function stillServes(lane: Lanes): Promise<void> {
  const made = new ssh2.Client();
  made.connect({
    host: "127.0.0.1",
    port: lane.port,
    username: "ada",
    authHandler: ["none"],
    hostVerifier: () => true,
  });
  await once(made, "ready");
  made.on("error", () => {});
  const out = await new Promise<string>((resolve, reject) =>
    made.exec("echo fine", (error, stream) => {
      if (error) return reject(error);
      let text = "";
      stream.on("data", (chunk: Buffer) => (text += chunk));
      stream.on("close", () => resolve(text));
    }),
  );
  made.end();
  expect(out).toBe("fine\n");
}

test("anything before the keys are agreed on ends that connection alone", async () => {
  const lane = await lanes();
  const kexinit = (length: number, padding: number) =>
    Buffer.concat([Buffer.from([0, 0, length >> 8, length & 255, padding, 20]), randomBytes(length - 2)]);
  const openings = [
    randomBytes(512),
    Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    Buffer.from("SSH-1.5-old\r\n"),
    Buffer.from(`SSH-2.0-${"x".repeat(100_000)}\r\n`),
    Buffer.concat([Buffer.from("SSH-2.0-x\r\n"), Buffer.from("ffffffff", "hex"), randomBytes(64)]),
    Buffer.concat([Buffer.from("SSH-2.0-x\r\n"), kexinit(300, 4)]),
    Buffer.concat([Buffer.from("SSH-2.0-x\r\n"), kexinit(300, 255)]),
    Buffer.concat([Buffer.from("SSH-2.0-x\r\n"), Buffer.from([0, 0, 0, 12, 10, 21]), randomBytes(10)]),
    Buffer.concat([Buffer.from("SSH-2.0-x\r\n"), Buffer.from([0, 0, 0, 12, 10, message.channelOpen]), randomBytes(10)]),
    Buffer.alloc(300_000, "\n"),
  ];
  for (const bytes of openings) {
    const socket = connect(lane.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.resume();
    await once(socket, "connect");
    socket.write(bytes);
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 300))]);
    socket.destroy();
  }
  await stillServes(lane);
  expect(lane.asks.map(({ text }) => text)).toEqual(["echo fine"]);
});

test("encrypted packets of any kind end that connection at most, and reach nothing that was not judged", async () => {
  const lane = await lanes({ decide: ({ text }) => (text === "echo fine" ? "allow" : "no") });
  const session = write(message.channelOpen).string("session").uint32(0).uint32(1_000_000).uint32(32_768).end();
  const any = fc.oneof(
    fc.constant(session),
    fc.uint8Array({ minLength: 1, maxLength: 200 }),
    fc
      .tuple(fc.constantFrom(...Object.values(message)), fc.uint8Array({ maxLength: 80 }))
      .map(([type, rest]) => new SshWriter().byte(type).raw(rest).end()),
    fc
      .tuple(
        fc.constantFrom(
          "exec",
          "shell",
          "subsystem",
          "pty-req",
          "env",
          "x11-req",
          "window-change",
          "signal",
          "auth-agent-req@openssh.com",
        ),
        fc.boolean(),
        fc.uint8Array({ maxLength: 60 }),
      )
      .map(([name, reply, rest]) =>
        write(message.channelRequest).uint32(0).string(name).boolean(reply).raw(rest).end(),
      ),
    fc
      .tuple(
        fc.constantFrom("direct-tcpip", "session", "x11", "tun@openssh.com", "forwarded-tcpip"),
        fc.uint8Array({ maxLength: 60 }),
      )
      .map(([name, rest]) =>
        write(message.channelOpen).string(name).uint32(1).uint32(0xffffffff).uint32(32_768).raw(rest).end(),
      ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(any, { minLength: 1, maxLength: 25 }), async (payloads) => {
      const one = await client(lane);
      for (const payload of payloads) one.send(payload);
      await Promise.race([one.gone, new Promise((resolve) => setTimeout(resolve, 60))]);
      one.end();
    }),
    { numRuns: 40 },
  );
  await stillServes(lane);
  for (const end of lane.ends) expect(["malformed", "client-closed", "target-closed"]).toContain(end.code);
});

test("a flood of channels, of requests and of data is bounded, and costs its own connection alone", async () => {
  const lane = await lanes();
  const many = await client(lane);
  for (let n = 0; n < 2_000; n++)
    many.send(write(message.channelOpen).string("session").uint32(n).uint32(1_000_000).uint32(32_768).end());
  const pings = await client(lane);
  for (let n = 0; n < 5_000; n++)
    pings.send(write(message.globalRequest).string("tcpip-forward").boolean(true).string("127.0.0.1").uint32(0).end());
  const beyond = await client(lane);
  beyond.send(write(message.channelOpen).string("session").uint32(0).uint32(1_000_000).uint32(32_768).end());
  for (let n = 0; n < 200; n++) beyond.send(write(message.channelWindowAdjust).uint32(0).uint32(0xffffffff).end());
  await stillServes(lane);
  for (const one of [many, pings, beyond]) one.end();
});
