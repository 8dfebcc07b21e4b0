import { describe, expect, it } from "vitest";
import { createMemoryPipes, type Pipe, type PipeAbort } from "../../transport/index.js";
import { type CarryEnd, carry } from "./carry.js";
import { type HeadStart, headStarts } from "./head-start.js";
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

function join(protocol = "tcp", headStart?: HeadStart) {
  const [client, local] = createMemoryPipes("local");
  const [lane, gateway] = createMemoryPipes("lane");
  const done = new Promise<CarryEnd>((resolve) => carry(local, lane, refusals[protocol], resolve, headStart));
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
    const atGateway = collect(gateway);
    const startup = Buffer.from("\0\0\0\x11\0\x03\0\0user\0ada\0\0", "latin1");
    startup.writeUInt32BE(startup.length, 0);
    client.write(startup);
    await expect.poll(() => atGateway.seen.bytes.length).toBe(startup.length);
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

describe("a connection whose first answer is known", () => {
  const request = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
  const hello = Buffer.from([22, 3, 1]);

  async function greeted(start: HeadStart, answer: Buffer) {
    const { client, gateway } = join("postgres", start);
    const [atClient, atGateway] = [collect(client), collect(gateway)];
    client.write(request);
    await expect.poll(() => atGateway.seen.bytes.length).toBe(request.length);
    const before = Buffer.from(atClient.seen.bytes);
    gateway.write(answer);
    return { client, gateway, atClient, atGateway, before };
  }

  it("waits for it the first time, and says it at once the next", async () => {
    const start = headStarts.postgres!();
    const first = await greeted(start, Buffer.from("S"));
    expect(first.before.length).toBe(0);
    await expect.poll(() => first.atClient.seen.bytes.toString()).toBe("S");

    const { client, gateway } = join("postgres", start);
    const [atClient, atGateway] = [collect(client), collect(gateway)];
    client.write(request);
    await expect.poll(() => atClient.seen.bytes.toString()).toBe("S");
    client.write(hello);
    await expect.poll(() => atGateway.seen.bytes.length).toBe(request.length + hello.length);
    gateway.write(Buffer.from("Sserver hello"));
    await expect.poll(() => atClient.seen.bytes.toString()).toBe("Sserver hello");
  });

  it("ends when the gateway says something else, and waits again", async () => {
    const start = headStarts.postgres!();
    start.known = true;
    const { atClient } = await greeted(start, Buffer.from("N"));
    expect(await atClient.closed).not.toBeNull();
    expect(atClient.seen.bytes.toString()).toBe("S");
    expect(start.known).toBe(false);
    const next = await greeted(start, Buffer.from("N"));
    await expect.poll(() => next.atClient.seen.bytes.toString()).toBe("N");
  });

  it("that is refused gets no words that it could not read, and the next one does", async () => {
    const start = headStarts.postgres!();
    start.known = true;
    const { client, gateway } = join("postgres", start);
    const [atClient, atGateway] = [collect(client), collect(gateway)];
    client.write(request);
    await expect.poll(() => atGateway.seen.bytes.length).toBe(request.length);
    gateway.abort({ code: "denied", text: "not any more" });
    await atClient.closed;
    expect(atClient.seen.bytes.toString()).toBe("S");
    expect(start.known).toBe(false);
  });

  it("leaves other beginnings alone", async () => {
    const start = headStarts.postgres!();
    start.known = true;
    const { client, gateway } = join("postgres", start);
    const [atClient, atGateway] = [collect(client), collect(gateway)];
    client.write(Buffer.concat([request, hello]));
    await expect.poll(() => atGateway.seen.bytes.length).toBe(request.length + hello.length);
    gateway.write(Buffer.from("S!"));
    await expect.poll(() => atClient.seen.bytes.toString()).toBe("S!");
  });
});
