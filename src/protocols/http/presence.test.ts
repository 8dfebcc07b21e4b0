import { describe, expect, it } from "vitest";
import { Presence } from "./presence.js";

describe("presence", () => {
  it("tells each listener once, and none that stopped", () => {
    const client = new Presence();
    const told: string[] = [];
    client.onLeave(() => told.push("a"));
    const stop = client.onLeave(() => told.push("b"));
    client.onLeave(() => told.push("c"));
    stop();
    stop();
    client.leave();
    client.leave();
    expect(told).toEqual(["a", "c"]);
    expect(client.left).toBe(true);
  });

  it("lets a listener stop another while it is told", () => {
    const client = new Presence();
    const told: string[] = [];
    client.onLeave(() => {
      told.push("a");
      stop();
    });
    const stop = client.onLeave(() => told.push("b"));
    client.onLeave(() => told.push("c"));
    client.leave();
    expect(told).toEqual(["a", "b", "c"]);
  });

  it("has a signal for those who want one, before and after", () => {
    const client = new Presence();
    const { signal } = client;
    expect(signal.aborted).toBe(false);
    client.leave();
    expect(signal.aborted).toBe(true);
    expect(client.signal).toBe(signal);
    const gone = new Presence();
    gone.leave();
    expect(gone.signal.aborted).toBe(true);
  });
});
