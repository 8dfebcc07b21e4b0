import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Pipe, PipeAbort } from "./pipe.js";

/** Two connected ends and the way to tear down what is under them. */
export interface PipePair {
  readonly a: Pipe;
  readonly b: Pipe;
  close(): Promise<void> | void;
}

export interface PipeComplianceOptions {
  readonly open: () => Promise<PipePair>;
  /** Whether an abort's code and text reach the peer; TCP and TLS can only cut. */
  readonly carriesReason: { readonly fromA: boolean; readonly fromB: boolean };
  /** Bytes that may be under way to a paused reader: what both ends and the wire between them may hold. */
  readonly maxUnderWay: number;
}

interface Watched {
  readonly pipe: Pipe;
  readonly chunks: Buffer[];
  readonly calls: string[];
  readonly closed: Promise<PipeAbort | null>;
  readonly ended: Promise<void>;
  onData: ((chunk: Buffer) => void) | null;
  onDrain: (() => void) | null;
  bytes(): Buffer;
  received(n: number): Promise<Buffer>;
}

/** Starts a pipe, keeps what it tells, and fails on a call that nests in `write` or follows `closed`. */
function watch(pipe: Pipe): Watched {
  let writing = false;
  let over = false;
  let wake: (() => void)[] = [];
  const violations: string[] = [];
  let tell!: (abort: PipeAbort | null) => void;
  let end!: () => void;
  const told = new Promise<PipeAbort | null>((resolve) => {
    tell = resolve;
  });
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const write = pipe.write.bind(pipe);
  pipe.write = (chunk) => {
    writing = true;
    try {
      return write(chunk);
    } finally {
      writing = false;
    }
  };
  const called = (name: string) => {
    watched.calls.push(name);
    if (writing) violations.push(`${name} nested in write`);
    if (over) violations.push(`${name} after closed`);
    for (const one of wake.splice(0)) one();
    if (violations.length > 0) throw new Error(violations.join("; "));
  };
  const watched: Watched = {
    pipe,
    chunks: [],
    calls: [],
    closed: told,
    ended,
    onData: null,
    onDrain: null,
    bytes: () => Buffer.concat(watched.chunks),
    async received(n) {
      for (;;) {
        const all = watched.bytes();
        if (all.length >= n) return all;
        await new Promise<void>((resolve) => wake.push(resolve));
      }
    },
  };
  pipe.start({
    data: (chunk) => {
      watched.chunks.push(chunk);
      called("data");
      watched.onData?.(chunk);
    },
    end: () => {
      called("end");
      end();
    },
    drain: () => {
      called("drain");
      watched.onDrain?.();
    },
    closed: (abort) => {
      called("closed");
      over = true;
      wake = [];
      tell(abort);
    },
  });
  return watched;
}

const turns = (ms = 30) => new Promise((resolve) => setTimeout(resolve, ms));
const reason: PipeAbort = { code: "denied", text: "the rule 'no writes' says no: 100% – ende" };

/** What every pipe promises, asserted on a pair of connected ends. Call it at the top level of a test file. */
export function pipeCompliance(name: string, options: PipeComplianceOptions): void {
  const using = (test: (pair: PipePair) => Promise<void>) => async () => {
    const pair = await options.open();
    try {
      await test(pair);
    } finally {
      await pair.close();
    }
  };

  describe(`${name} keeps the promises of a pipe`, () => {
    it(
      "carries bytes in order, both ways, whatever the chunks",
      using(async ({ a, b }) => {
        const [x, y] = [watch(a), watch(b)];
        const sent = { a: randomBytes(300_000), b: randomBytes(200_000) };
        for (const [pipe, bytes] of [
          [a, sent.a],
          [b, sent.b],
        ] as const) {
          let at = 0;
          for (let size = 1; at < bytes.length; size = (size * 7) % 40_961 || 1) {
            pipe.write(Buffer.from(bytes.subarray(at, at + size)));
            at += size;
          }
        }
        expect((await y.received(sent.a.length)).equals(sent.a)).toBe(true);
        expect((await x.received(sent.b.length)).equals(sent.b)).toBe(true);
        expect(a.bytesOut).toBe(sent.a.length);
        expect(b.bytesIn).toBe(sent.a.length);
      }),
    );

    it(
      "keeps what came before start",
      using(async ({ a, b }) => {
        const x = watch(a);
        a.write(Buffer.from("early "));
        a.write(Buffer.from("bird"));
        await turns();
        const y = watch(b);
        expect((await y.received(10)).toString()).toBe("early bird");
        b.write(Buffer.from("worm"));
        expect((await x.received(4)).toString()).toBe("worm");
      }),
    );

    for (const first of ["a", "b"] as const) {
      it(
        `goes on in the other direction after ${first} ended`,
        using(async (pair) => {
          const [one, other] = first === "a" ? [pair.a, pair.b] : [pair.b, pair.a];
          const [x, y] = [watch(one), watch(other)];
          one.write(Buffer.from("question"));
          one.end();
          await y.ended;
          expect(y.bytes().toString()).toBe("question");
          one.write(Buffer.from("ignored"));
          await turns();
          other.write(Buffer.from("a late "));
          await turns();
          other.write(Buffer.from("answer"));
          other.end();
          expect(await x.closed).toBeNull();
          expect(await y.closed).toBeNull();
          expect(x.bytes().toString()).toBe("a late answer");
          expect(y.bytes().toString()).toBe("question");
          expect(x.calls.at(-1)).toBe("closed");
          expect(x.calls.filter((call) => call === "end")).toHaveLength(1);
        }),
      );

      it(
        `ends both sides when ${first} aborts`,
        using(async (pair) => {
          const [one, other] = first === "a" ? [pair.a, pair.b] : [pair.b, pair.a];
          const [x, y] = [watch(one), watch(other)];
          one.write(Buffer.from("hello"));
          await y.received(5);
          one.abort(reason);
          one.abort({ code: "internal", text: "the second does not count" });
          one.write(Buffer.from("ignored"));
          expect(await x.closed).toEqual(reason);
          const told = await y.closed;
          expect(told).not.toBeNull();
          if (options.carriesReason[first === "a" ? "fromA" : "fromB"]) expect(told).toEqual(reason);
          await turns();
          expect(y.bytes().toString()).toBe("hello");
          expect(x.calls.filter((call) => call === "closed")).toHaveLength(1);
          expect(y.calls.filter((call) => call === "closed")).toHaveLength(1);
        }),
      );
    }

    it(
      "tells an abort to an owner that starts later",
      using(async ({ a, b }) => {
        const y = watch(b);
        a.abort(reason);
        await turns();
        expect(await watch(a).closed).toEqual(reason);
        expect(await y.closed).not.toBeNull();
      }),
    );

    it(
      "delivers nothing while paused, holds a bounded number of bytes, and drains when resumed",
      using(async ({ a, b }) => {
        const [x, y] = [watch(a), watch(b)];
        b.pause();
        const chunk = randomBytes(16 * 1024);
        const hash = createHash("sha256");
        let sent = 0;
        let blocked = false;
        const fill = (limit: number) => {
          while (sent < limit) {
            sent += chunk.length;
            hash.update(chunk);
            if (!a.write(Buffer.from(chunk))) {
              blocked = true;
              return;
            }
          }
        };
        x.onDrain = () => {
          blocked = false;
          fill(64 * 1024 * 1024);
        };
        fill(64 * 1024 * 1024);
        for (let before = -1; before !== sent; ) {
          before = sent;
          await turns(100);
        }
        expect(blocked).toBe(true);
        expect(sent).toBeLessThanOrEqual(options.maxUnderWay);
        expect(y.calls).not.toContain("data");

        const limit = sent + 4 * 1024 * 1024;
        x.onDrain = () => {
          blocked = false;
          if (sent < limit) fill(limit);
          else a.end();
        };
        const seen = createHash("sha256");
        let count = 0;
        y.onData = (bytes) => {
          seen.update(bytes);
          count += bytes.length;
          y.chunks.length = 0;
          // A reader that stops in the middle of what is being delivered.
          b.pause();
          setImmediate(() => b.resume());
        };
        b.resume();
        await new Promise<void>((resolve) => {
          const poll = setInterval(() => {
            if (sent >= limit && !blocked) a.end();
            if (count < sent || sent < limit) return;
            clearInterval(poll);
            resolve();
          }, 5);
        });
        expect(count).toBe(sent);
        expect(seen.digest("hex")).toBe(hash.digest("hex"));
      }),
    );

    it(
      "answers false only together with a later drain",
      using(async ({ a, b }) => {
        const x = watch(a);
        watch(b);
        let drains = 0;
        x.onDrain = () => drains++;
        for (let round = 1; round <= 3; round++) {
          while (a.write(Buffer.alloc(64 * 1024)));
          expect(a.buffered).toBeGreaterThan(0);
          await new Promise<void>((resolve) => {
            const poll = setInterval(() => {
              if (drains < round) return;
              clearInterval(poll);
              resolve();
            }, 1);
          });
        }
        expect(drains).toBe(3);
      }),
    );

    it(
      "holds an end back until the bytes before it were taken",
      using(async ({ a, b }) => {
        const [, y] = [watch(a), watch(b)];
        b.pause();
        a.write(Buffer.from("last words"));
        a.end();
        await turns();
        expect(y.calls).toEqual([]);
        b.resume();
        await y.ended;
        expect(y.bytes().toString()).toBe("last words");
      }),
    );

    it(
      "can be paused from inside data",
      using(async ({ a, b }) => {
        const [, y] = [watch(a), watch(b)];
        y.onData = () => b.pause();
        a.write(Buffer.from("one"));
        await y.received(3);
        for (let i = 0; i < 20; i++) {
          a.write(Buffer.from("x"));
          await turns(1);
        }
        expect(y.bytes().toString()).toBe("one");
        y.onData = null;
        b.resume();
        expect((await y.received(23)).toString()).toBe(`one${"x".repeat(20)}`);
      }),
    );

    it(
      "survives a sink that aborts from inside data",
      using(async ({ a, b }) => {
        const [x, y] = [watch(a), watch(b)];
        y.onData = () => b.abort(reason);
        for (let i = 0; i < 50; i++) a.write(Buffer.from("again"));
        expect(await y.closed).toEqual(reason);
        expect(await x.closed).not.toBeNull();
        expect(y.calls.filter((call) => call === "data")).toHaveLength(1);
      }),
    );
  });
}
