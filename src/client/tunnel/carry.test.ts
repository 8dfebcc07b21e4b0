import { describe, expect, it } from "vitest";
import { createMemoryPipes, type Pipe, type PipeAbort } from "../../transport/index.js";
import { type CarryEnd, carry } from "./carry.js";
import { refusals } from "./refusal/index.js";

function collect(pipe: Pipe) {
  const seen = { bytes: Buffer.alloc(0), ended: false, abort: undefined as PipeAbort | null | undefined };
  const closed = new Promise<PipeAbort | null>((resolve) => {
    pipe.start({
      data: (chunk) => {
        seen.bytes = Buffer.concat([seen.bytes, chunk]);
      },
      end: () => {
        seen.ended = true;
      },
      drain() {},
      closed: (abort) => {
        seen.abort = abort;
        resolve(abort);
      },
    });
  });
  return { seen, closed };
}

function join(protocol = "tcp") {
  const [client, local] = createMemoryPipes("local");
  const [lane, gateway] = createMemoryPipes("lane");
  const done = new Promise<CarryEnd>((resolve) => carry(local, lane, refusals[protocol], resolve));
  return { client, gateway, done };
}

describe("a carried connection", () => {
  it("carries both ways, half-closes and ends in order", async () => {
    const { client, gateway, done } = join();
    const [atClient, atGateway] = [collect(client), collect(gateway)];
    client.write(Buffer.from("question"));
    client.end();
    await expect.poll(() => atGateway.seen.ended).toBe(true);
    expect(atClient.seen.ended).toBe(false);
    gateway.write(Buffer.from("answer"));
    gateway.end();
    expect(await done).toBeNull();
    await atClient.closed;
    expect([atGateway.seen.bytes.toString(), atClient.seen.bytes.toString()]).toEqual(["question", "answer"]);
  });

  it("stops a writer whose reader does not read", async () => {
    const { client, gateway } = join();
    gateway.pause();
    gateway.start({ data() {}, end() {}, drain() {}, closed() {} });
    collect(client);
    let taken = 0;
    for (let i = 0; i < 1_000; i++) {
      if (!client.write(Buffer.alloc(64 * 1024))) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (client.buffered > 256 * 1024) break;
      }
      taken += 64 * 1024;
    }
    expect(taken).toBeLessThan(4 * 1024 * 1024);
    client.abort({ code: "cancelled", text: "test over" });
  });

  it("passes an abort on, each way", async () => {
    const one = join();
    const [atClient, atGateway] = [collect(one.client), collect(one.gateway)];
    one.client.abort({ code: "cancelled", text: "client left" });
    expect(await atGateway.closed).toMatchObject({ text: "client left" });
    expect(await one.done).toMatchObject({ text: "client left" });
    await atClient.closed;

    const other = join();
    const client = collect(other.client);
    collect(other.gateway);
    other.gateway.write(Buffer.from("hello"));
    await expect.poll(() => client.seen.bytes.length).toBe(5);
    other.gateway.abort({ code: "denied", text: "killed" });
    expect(await client.closed).toMatchObject({ code: "denied", text: "killed" });
    await other.done;
  });

  it("says no in the protocol's words when the lane fails before the gateway spoke", async () => {
    const { client, gateway, done } = join("postgres");
    const { seen, closed } = collect(client);
    collect(gateway);
    const startup = Buffer.from("\0\0\0\x11\0\x03\0\0user\0ada\0\0", "latin1");
    startup.writeUInt32BE(startup.length, 0);
    client.write(startup);
    await new Promise((resolve) => setTimeout(resolve, 20));
    gateway.abort({ code: "unavailable", text: "agent site-a is away" });
    await expect.poll(() => seen.bytes.toString()).toContain("Mhoop: agent site-a is away");
    client.end();
    await closed;
    expect(await done).toMatchObject({ code: "unavailable" });
  });

  it("does not put words of its own behind what the gateway said", async () => {
    const { client, gateway, done } = join("postgres");
    const { seen, closed } = collect(client);
    collect(gateway);
    gateway.write(Buffer.from("EFATAL"));
    await expect.poll(() => seen.bytes.length).toBe(6);
    gateway.abort({ code: "denied", text: "killed" });
    await closed;
    await done;
    expect(seen.bytes.toString()).toBe("EFATAL");
  });
});
