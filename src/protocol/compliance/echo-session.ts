import type { Mask, MaskPlan } from "../../vocabulary/index.js";
import { MalformedError } from "../../wire/index.js";
import type { EndReason, Order, Resolution, SessionEffect, SessionInit, Side, WireSession } from "../session.js";

/** Faults that can be planted, each of which one of the suite's assertions must find. */
export const echoFaults = [
  "splits-lines-by-chunk",
  "rewrites-case",
  "forwards-before-answer",
  "denies-by-silence",
  "denies-out-of-order",
  "times-out-a-hold",
  "never-pauses",
  "keeps-oversized",
  "throws-type-error",
  "forwards-partial-line",
  "masks-the-neighbour",
  "leaves-open-when-client-leaves",
  "never-withdraws",
  "acts-after-end",
  "quotes-the-secret",
] as const;
export type EchoFault = (typeof echoFaults)[number];

/**
 * The smallest protocol that has all the suite looks at, for the suite's own tests: lines. The client says `hello`, then
 * `do <text>`; the target answers `row a,b`* and `done` or `fail <text>`.
 */
export function createEchoSession(init: SessionInit, fault: EchoFault | null = null): WireSession {
  return new EchoSession(init, fault);
}

type Turn =
  | { readonly kind: "forwarded"; readonly masks: MaskPlan | null }
  | { readonly kind: "said"; readonly bytes: Buffer };

class EchoSession implements WireSession {
  readonly #init: SessionInit;
  readonly #fault: EchoFault | null;
  readonly #partial: Record<Side, Buffer> = { client: Buffer.alloc(0), target: Buffer.alloc(0) };
  /** Whole lines of the client that wait behind the open ask. */
  readonly #queue: Buffer[] = [];
  readonly #turns: Turn[] = [];
  #phase: "hello" | "dialling" | "login" | "ready" | "over" = "hello";
  #open: { readonly id: number; readonly line: Buffer } | null = null;
  #nextId = 1;
  #paused = false;
  #out: SessionEffect[] = [];

  constructor(init: SessionInit, fault: EchoFault | null) {
    this.#init = init;
    this.#fault = fault;
  }

  receive(from: Side, chunk: Buffer, now: number): readonly SessionEffect[] {
    return this.#run(() => {
      if (this.#fault === "throws-type-error" && chunk.includes(0xff)) throw new TypeError("planted");
      for (const line of this.#lines(from, chunk)) {
        if (from === "client") this.#fromClient(line, now);
        else this.#fromTarget(line);
      }
    });
  }

  resolve(id: number, resolution: Resolution, _now: number): readonly SessionEffect[] {
    return this.#run(() => {
      if (this.#open?.id !== id || resolution.kind === "waiting") return;
      const { line } = this.#open;
      this.#open = null;
      if (this.#fault === "times-out-a-hold") this.#out.push({ kind: "timer", name: "hold", at: null });
      const answer = resolution.kind === "answer" ? resolution.answer : null;
      if (answer?.outcome === "allow") {
        this.#turns.push({ kind: "forwarded", masks: answer.masks });
        if (this.#fault !== "forwards-before-answer") this.#forward(line);
      } else if (this.#fault !== "denies-by-silence") {
        const why =
          answer?.outcome === "deny" ? answer.reasons.map((reason) => reason.text).join(" ") : "the gate failed";
        this.#say(Buffer.from(`fail ${why}\n`));
      }
      this.#next(_now);
    });
  }

  control(order: Order, _now: number): readonly SessionEffect[] {
    return this.#run(() => {
      if (order.kind === "end") {
        this.#out.push({ kind: "send", to: "client", bytes: Buffer.from(`fail ${order.reason.text}\n`) });
        this.#end(order.reason);
      }
    });
  }

  opened(_now: number): readonly SessionEffect[] {
    return this.#run(() => {
      this.#phase = "login";
      const { user, secret } = this.#init.credential;
      this.#out.push({ kind: "send", to: "target", bytes: Buffer.from(`login ${user} ${secret ?? ""}\n`) });
    });
  }

  secured(): readonly SessionEffect[] {
    return [];
  }

  tick(name: string, _now: number): readonly SessionEffect[] {
    return this.#run(() => {
      if (name === "hold") this.#end({ code: "timeout", text: "held for too long" });
    });
  }

  close(from: Side, _now: number): readonly SessionEffect[] {
    if (this.#fault === "acts-after-end" && this.#phase === "over")
      return [{ kind: "note", note: { kind: "warning", text: "late" } }];
    return this.#run(() => {
      if (from === "client" && this.#fault === "leaves-open-when-client-leaves" && this.#open) return;
      this.#end({ code: `${from}-closed`, text: `the ${from} left` });
    });
  }

  #run(step: () => void): readonly SessionEffect[] {
    if (this.#phase === "over") return [];
    this.#out = [];
    step();
    return this.#out;
  }

  *#lines(from: Side, chunk: Buffer): Generator<Buffer> {
    const bytes = Buffer.concat([this.#partial[from], chunk]);
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      const line = bytes.subarray(start, end + 1);
      start = end + 1;
      if (line.length > this.#init.limits.maxFrame && this.#fault !== "keeps-oversized")
        throw new MalformedError("line too long");
      yield line;
    }
    const rest = bytes.subarray(start);
    if (rest.length > this.#init.limits.maxFrame && this.#fault !== "keeps-oversized")
      throw new MalformedError("line too long");
    if (this.#fault === "splits-lines-by-chunk" && rest.length > 1) yield rest;
    else this.#partial[from] = rest;
    if (this.#fault === "forwards-partial-line" && from === "client" && this.#phase === "ready" && rest.length > 0)
      this.#out.push({ kind: "send", to: "target", bytes: rest });
  }

  #fromClient(line: Buffer, now: number): void {
    if (this.#phase === "hello") {
      if (line.toString() !== "hello\n") throw new MalformedError("hello expected");
      this.#phase = "dialling";
      this.#out.push({ kind: "dial" });
      return;
    }
    if (!line.subarray(0, 3).equals(Buffer.from("do "))) throw new MalformedError("do expected");
    this.#queue.push(line);
    this.#next(now);
  }

  #next(now: number): void {
    while (!this.#open && this.#queue.length > 0 && this.#phase === "ready") {
      const line = this.#queue.shift()!;
      const id = this.#nextId++;
      this.#open = { id, line };
      const context = {
        database: "",
        role: "",
        searchPath: null,
        settings: {},
        transaction: "idle",
        prepared: null,
      } as const;
      const text = line.subarray(3, -1).toString();
      if (this.#fault === "forwards-before-answer") this.#forward(line);
      if (this.#fault === "times-out-a-hold") this.#out.push({ kind: "timer", name: "hold", at: now + 60_000 });
      this.#out.push({ kind: "ask", id, ask: { phase: "statement", text, context, values: null, bytes: line.length } });
    }
    const full = this.#queue.reduce((sum, line) => sum + line.length, 0) > this.#init.limits.maxQueued;
    if (full === this.#paused || this.#fault === "never-pauses") return;
    this.#paused = full;
    this.#out.push({ kind: "flow", side: "client", flow: full ? "pause" : "resume" });
  }

  #forward(line: Buffer): void {
    const bytes = this.#fault === "rewrites-case" ? Buffer.from(line.toString().toUpperCase()) : line;
    this.#out.push({ kind: "send", to: "target", bytes });
  }

  /** In its turn: behind the replies that are still to come. */
  #say(bytes: Buffer): void {
    if (this.#turns.length === 0 || this.#fault === "denies-out-of-order")
      this.#out.push({ kind: "send", to: "client", bytes });
    else this.#turns.push({ kind: "said", bytes });
  }

  #fromTarget(line: Buffer): void {
    if (this.#phase === "login") {
      if (line.toString() !== "welcome\n") {
        const shown = this.#fault === "quotes-the-secret" ? line.toString() : "login failed\n";
        this.#out.push({ kind: "send", to: "client", bytes: Buffer.from(shown) });
        this.#end({ code: "login-failed", text: "the target refused the login" });
        return;
      }
      this.#phase = "ready";
      this.#out.push({ kind: "note", note: { kind: "ready", targetVersion: "1", client: {} } });
      this.#out.push({ kind: "send", to: "client", bytes: line });
      return;
    }
    const turn = this.#turns[0];
    if (turn?.kind !== "forwarded") throw new MalformedError("an answer to nothing");
    const row = line.subarray(0, 4).toString() === "row ";
    this.#out.push({ kind: "send", to: "client", bytes: row && turn.masks ? this.#masked(line, turn.masks) : line });
    if (row) return;
    this.#turns.shift();
    for (let said = this.#turns[0]; said?.kind === "said"; said = this.#turns[0]) {
      this.#turns.shift();
      this.#out.push({ kind: "send", to: "client", bytes: said.bytes });
    }
  }

  #masked(line: Buffer, plan: MaskPlan): Buffer {
    const cells = line.subarray(4, -1).toString("latin1").split(",");
    const shift = this.#fault === "masks-the-neighbour" ? 1 : 0;
    const shown = cells.map((cell, index) =>
      plan.columns.get(String(index + shift)) ? star(plan.columns.get(String(index + shift))!) : cell,
    );
    return Buffer.from(`row ${shown.join(",")}\n`, "latin1");
  }

  #end(reason: EndReason): void {
    this.#phase = "over";
    if (this.#open && this.#fault !== "never-withdraws") this.#out.push({ kind: "withdraw", id: this.#open.id });
    this.#open = null;
    this.#out.push({ kind: "end", reason });
  }
}

function star(mask: Mask): string {
  return mask.method === "fixed" ? mask.value : "***";
}
