import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { PipeAbort } from "../pipe.js";
import { connectUnix } from "./connect-unix.js";

async function listen() {
  const folder = mkdtempSync(join(tmpdir(), "hoop-unix-"));
  const path = join(folder, "socket");
  const server = createServer({ allowHalfOpen: true }).listen(path);
  const accepted = once(server, "connection") as Promise<[Socket]>;
  await once(server, "listening");
  const close = () => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { path, close, accepted: () => accepted.then(([socket]) => socket) };
}

describe("connectUnix", () => {
  it("carries bytes both ways, each way to its own end", async () => {
    const { path, close, accepted } = await listen();
    const pipe = await connectUnix({ path, label: "x" });
    const far = await accepted();
    // What comes before the pipe is started is kept.
    far.write("early ");
    const heard: Buffer[] = [];
    const closed = new Promise<PipeAbort | null>((resolve) =>
      pipe.start({ data: (chunk) => void heard.push(chunk), end() {}, drain() {}, closed: resolve }),
    );
    pipe.write(Buffer.from("hello"));
    pipe.end();
    const taken: Buffer[] = [];
    far.on("data", (chunk: Buffer) => taken.push(chunk));
    await once(far, "end");
    far.end("and late");
    expect(await closed).toBeNull();
    expect([Buffer.concat(taken), Buffer.concat(heard)].map(String)).toEqual(["hello", "early and late"]);
    close();
  });

  it("takes no more than fits while its reader is paused", async () => {
    const { path, close, accepted } = await listen();
    const pipe = await connectUnix({ path, label: "x" });
    const far = await accepted();
    pipe.start({ data() {}, end() {}, drain() {}, closed() {} });
    pipe.pause();
    while (far.write(Buffer.alloc(64 * 1024)) || far.writableLength < 1024 * 1024);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(far.writableLength).toBeGreaterThan(0);
    pipe.resume();
    await once(far, "drain");
    pipe.abort({ code: "cancelled", text: "test over" });
    far.destroy();
    close();
  });

  it("says that nobody listens, and not where", async () => {
    const { path, close } = await listen();
    close();
    await expect(connectUnix({ path, label: "the sample" })).rejects.toMatchObject({
      code: "unavailable",
      message: "the sample cannot be reached",
    });
  });

  it("stops on its signal, and tells once when the socket is gone", async () => {
    const { path, close } = await listen();
    let gone = 0;
    const cancelled = connectUnix({ path, label: "x", signal: AbortSignal.abort(), gone: () => gone++ });
    await expect(cancelled).rejects.toMatchObject({ code: "cancelled" });
    await expect.poll(() => gone).toBe(1);
    const pipe = await connectUnix({ path, label: "x", gone: () => gone++ });
    expect(gone).toBe(1);
    pipe.abort({ code: "cancelled", text: "enough" });
    await expect.poll(() => gone).toBe(2);
    close();
  });
});
