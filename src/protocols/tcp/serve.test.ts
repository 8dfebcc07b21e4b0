import { describe, expect, it } from "vitest";
import type { Note, Order, SessionHost } from "../../protocol/index.js";
import { createMemoryPipes } from "../../transport/memory/index.js";
import type { Pipe, PipeAbort } from "../../transport/pipe.js";
import { HoopError } from "../../vocabulary/index.js";
import { tcp } from "./index.js";

function follow(pipe: Pipe) {
  const seen = { text: "", ended: false, closed: undefined as PipeAbort | null | undefined };
  pipe.start({
    data: (chunk) => {
      seen.text += chunk.toString();
    },
    end: () => {
      seen.ended = true;
    },
    drain: () => {},
    closed: (abort) => {
      seen.closed = abort;
    },
  });
  return seen;
}

function begin(over: { refusal?: SessionHost["init"]["refusal"]; dial?: () => Promise<Pipe> } = {}) {
  const [client, clientEnd] = createMemoryPipes();
  const [target, targetEnd] = createMemoryPipes();
  const notes: Note[] = [];
  let order: (order: Order) => void = () => {};
  const host = {
    init: { refusal: over.refusal ?? null },
    client: clientEnd,
    dial: over.dial ?? (async () => targetEnd),
    note: (note: Note) => void notes.push(note),
    onOrder: (listener: (order: Order) => void) => {
      order = listener;
    },
    signal: new AbortController().signal,
  } as unknown as SessionHost;
  return { client, target, notes, order: (one: Order) => order(one), served: tcp.serve(host) };
}

describe("tcp", () => {
  it("carries bytes and half-closes both ways", async () => {
    const { client, target, served, notes } = begin();
    const [atClient, atTarget] = [follow(client), follow(target)];
    client.write(Buffer.from("ping"));
    client.end();
    await expect.poll(() => atTarget).toMatchObject({ text: "ping", ended: true });
    target.write(Buffer.from("pong"));
    target.end();
    expect(await served).toMatchObject({ code: "client-closed" });
    expect(atClient).toMatchObject({ text: "pong", ended: true, closed: null });
    expect(notes).toMatchObject([{ kind: "ready" }]);
  });

  it("closes with the reason when it is refused, ordered to end, or cannot reach the target", async () => {
    const refused = begin({ refusal: { text: "no access", code: "denied" } });
    const atRefused = follow(refused.client);
    expect(await refused.served).toEqual({ code: "refused", text: "no access" });
    await expect.poll(() => atRefused.closed).toMatchObject({ code: "denied", text: "no access" });

    const ended = begin();
    const [atClient, atTarget] = [follow(ended.client), follow(ended.target)];
    ended.client.write(Buffer.from("x"));
    await expect.poll(() => atTarget.text).toBe("x");
    ended.order({ kind: "end", reason: { code: "revoked", text: "your access has ended" } });
    expect(await ended.served).toEqual({ code: "revoked", text: "your access has ended" });
    await expect.poll(() => atClient.closed).toMatchObject({ text: "your access has ended" });
    await expect.poll(() => atTarget.closed).toBeTruthy();

    const away = begin({ dial: () => Promise.reject(new HoopError("unavailable", "nobody listens there")) });
    const atAway = follow(away.client);
    expect(await away.served).toEqual({ code: "unavailable", text: "nobody listens there" });
    await expect.poll(() => atAway.closed).toMatchObject({ code: "unavailable", text: "nobody listens there" });
  });
});
