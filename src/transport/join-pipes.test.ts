import { describe, expect, it } from "vitest";
import { joinPipes } from "./join-pipes.js";
import { createMemoryPipes } from "./memory/index.js";
import { pipeCompliance } from "./pipe-compliance.js";

// Two pairs joined in the middle must be as good as one.
pipeCompliance("two joined pipes", {
  open: async () => {
    const [a, left] = createMemoryPipes("left");
    const [right, b] = createMemoryPipes("right");
    void joinPipes(left, right);
    return { a, b, close: () => a.abort({ code: "cancelled", text: "test over" }) };
  },
  carriesReason: { fromA: true, fromB: true },
  maxUnderWay: 1024 * 1024,
});

describe("joinPipes", () => {
  it("answers how it ended", async () => {
    const [a, left] = createMemoryPipes();
    const [right, b] = createMemoryPipes();
    const joined = joinPipes(left, right);
    for (const pipe of [a, b]) pipe.start({ data() {}, end: () => pipe.end(), drain() {}, closed() {} });
    a.end();
    expect(await joined).toBeNull();
  });

  it("answers the abort that came first", async () => {
    const [a, left] = createMemoryPipes();
    const [right] = createMemoryPipes();
    const joined = joinPipes(left, right);
    a.abort({ code: "denied", text: "no" });
    expect(await joined).toEqual({ code: "denied", text: "no" });
  });
});
