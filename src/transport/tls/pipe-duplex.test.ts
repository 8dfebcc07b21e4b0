import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { createMemoryPipes } from "../memory/index.js";
import type { Pipe } from "../pipe.js";
import { pipeDuplex } from "./pipe-duplex.js";

function collect(pipe: Pipe): Buffer[] {
  const got: Buffer[] = [];
  pipe.start({ data: (chunk) => got.push(chunk), end() {}, drain() {}, closed() {} });
  return got;
}

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

describe("a pipe as a stream", () => {
  it("sends what was written in one go as one message", async () => {
    const [near, far] = createMemoryPipes();
    const got = collect(far);
    const duplex = pipeDuplex(near);
    duplex.on("error", () => {});
    duplex.cork();
    duplex.write("HTTP/1.1 200 OK\r\n\r\n");
    duplex.write(Buffer.from("body"));
    duplex.uncork();
    duplex.write("next");
    await turns(5);
    expect(got.map(String)).toEqual(["HTTP/1.1 200 OK\r\n\r\nbody", "next"]);
    near.abort({ code: "cancelled", text: "test over" });
  });

  it("carries much at once whole, and waits for a reader that does not read", async () => {
    const [near, far] = createMemoryPipes();
    const got = collect(far);
    far.pause();
    const duplex = pipeDuplex(near);
    duplex.on("error", () => {});
    const pieces = Array.from({ length: 200 }, (_, n) => Buffer.alloc(10_000, n));
    duplex.cork();
    for (const piece of pieces) duplex.write(Buffer.from(piece));
    duplex.uncork();
    let finished = false;
    duplex.end(() => {
      finished = true;
    });
    await turns(5);
    expect(finished).toBe(false);
    expect(duplex.writableLength).toBeGreaterThan(0);
    far.resume();
    if (!finished) await once(duplex, "finish");
    await turns(5);
    expect(Buffer.concat(got).equals(Buffer.concat(pieces))).toBe(true);
    near.abort({ code: "cancelled", text: "test over" });
  });
});
