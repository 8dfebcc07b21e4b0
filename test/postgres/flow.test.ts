import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeQuery } from "../../src/protocols/postgres/codec/frontend.js";
import { encodeStartup } from "../../src/protocols/postgres/codec/startup.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { type Say, servePostgresThrough } from "../support/postgres-through.js";
import { RawPostgres } from "../support/raw-postgres.js";

const mebibyte = 1024 * 1024;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("flow", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(async () => server.stop());

  it.each([false, true])(
    "a reader that stalls stops the target, and then gets every byte (masked: %s)",
    async (masked) => {
      const plan = masked
        ? {
            columns: new Map(),
            proven: new Set<string>(),
            others: { method: "redact" as const },
            text: null,
            copy: null,
          }
        : null;
      const through = await servePostgresThrough({
        server,
        judge: () => ({ allow: true, masks: plan }),
        lookup: () => plan,
      });
      const client = await RawPostgres.open(through);
      client.socket.removeAllListeners("data");
      client.socket.pause();
      // Masked, a kilobyte shrinks to three characters, but the target sends it all the same.
      client.send(encodeQuery("select repeat('x', 1000) from generate_series(1, 400000)"));
      await pause(700);
      const stalled = process.memoryUsage();
      let bytes = 0;
      const done = new Promise<void>((resolve) => {
        client.socket.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (chunk.length >= 6 && chunk.subarray(-6, -1).equals(Buffer.from([0x5a, 0, 0, 0, 5]))) resolve();
        });
      });
      expect(stalled.arrayBuffers).toBeLessThan(64 * mebibyte);
      client.socket.resume();
      await done;
      const row = 5 + 2 + 4 + (masked ? 3 : 1000);
      expect(bytes).toBeGreaterThan(400_000 * row);
      expect(bytes).toBeLessThan(400_000 * row + 1000);
      client.close();
      await through.stop();
    },
  );

  it("keeps a bounded part of what a client sends behind an open ask", async () => {
    let answer: (say: Say) => void = () => {};
    let asks = 0;
    const through = await servePostgresThrough({
      server,
      judge: () => (asks++ === 0 ? { later: (done) => (answer = done) } : { allow: true }),
    });
    const client = await RawPostgres.open(through);
    const query = encodeQuery(`select 1 -- ${"x".repeat(10_000)}`);
    const total = 40 * mebibyte;
    const count = Math.ceil(total / query.length);
    for (let i = 0; i < count; i++) client.socket.write(query);
    await pause(500);
    // The rest stays with the client: neither we nor the kernel take it.
    expect(client.socket.writableLength).toBeGreaterThan(20 * mebibyte);
    expect(asks).toBe(1);
    answer({ allow: true });
    for (let i = 0; i < count; i++) await client.until("Z", 20_000);
    expect(asks).toBe(count);
    client.close();
    await through.stop();
  });

  it("passes a value longer than any frame that it would keep", async () => {
    const limits = { maxFrame: 100_000, maxQueued: 100_000, handshakeMs: 5_000 };
    const through = await servePostgresThrough({ server, init: { limits } });
    const client = await RawPostgres.open(through);
    const replies = await client.query("select repeat('x', 3000000)");
    expect(replies.find(({ type }) => type === "D")!.body).toHaveLength(3_000_006);
    client.close();
    await through.stop();
  });

  it("serves many first packets at once, each its own", async () => {
    const through = await servePostgresThrough({ server });
    const clients = await Promise.all(
      Array.from({ length: 80 }, async (_, i) => {
        const client = await RawPostgres.open(through, null);
        client.send(
          encodeStartup([
            ["user", "ada"],
            ["application_name", `app ${i}`],
          ]),
        );
        await client.until("Z", 20_000);
        return client;
      }),
    );
    const names = await Promise.all(
      clients.map(async (client) =>
        (await client.query("show application_name"))
          .find(({ type }) => type === "D")!
          .body.subarray(6)
          .toString(),
      ),
    );
    expect(names).toEqual(clients.map((_, i) => `app ${i}`));
    for (const client of clients) client.close();
    await through.stop();
  });
});
