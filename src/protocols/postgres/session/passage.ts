import type {
  CreateSession,
  Now,
  Order,
  Resolution,
  SecuredInfo,
  SessionEffect,
  SessionInit,
  Side,
  WireSession,
} from "../../../protocol/index.js";
import type { HoopError } from "../../../vocabulary/index.js";
import { MalformedError } from "../../../wire/index.js";
import { type FrameFate, type FrameHandler, FrameWalker } from "../codec/frames.js";
import { backend } from "../codec/types.js";
import { endReport } from "../errors.js";
import { Core } from "./core.js";
import { Greeting } from "./greeting.js";
import { TargetLogin } from "./target-login.js";

/** Hoop's own client keeps whole answers. More than this is no catalogue that Hoop can follow. */
const maxRows = 3_000_000;
const maxBytes = 256 * 1024 * 1024;

/** The target's answer to one question of ours passes, up to a bound. */
class OwnAnswers implements FrameHandler {
  readonly #walker = new FrameWalker(maxBytes);
  readonly #send: (bytes: Buffer) => void;
  #rows = 0;
  #bytes = 0;

  constructor(send: (bytes: Buffer) => void) {
    this.#send = send;
  }

  asked(): void {
    this.#rows = this.#bytes = 0;
  }

  receive(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > maxBytes) throw tooMuch();
    this.#walker.walk(chunk, this);
  }

  fate(type: number): FrameFate {
    if (type === backend.dataRow && ++this.#rows > maxRows) throw tooMuch();
    return "stream";
  }

  frame(): boolean {
    return false;
  }

  after(): void {}

  blocked(): boolean {
    return false;
  }

  pass(bytes: Buffer): void {
    this.#send(bytes);
  }
}

const tooMuch = (): MalformedError =>
  new MalformedError("the target answers Hoop's own question with more than can be kept");

/**
 * A session for Hoop's own client: greeting and login as for anybody, then bytes pass unjudged. Never for what a person
 * or a program of theirs sends.
 */
class Passage implements WireSession {
  readonly #core: Core;
  readonly #greeting: Greeting;
  readonly #answers: OwnAnswers;
  #login: TargetLogin | null = null;
  #open = false;

  constructor(init: SessionInit) {
    this.#core = new Core(init);
    this.#answers = new OwnAnswers((bytes) => this.#core.out.send("client", bytes));
    this.#greeting = new Greeting(this.#core, (startup) => {
      this.#login = new TargetLogin(this.#core, startup, () => {
        this.#open = true;
        this.#core.out.note({ kind: "ready", targetVersion: "", client: {} });
      });
      this.#core.out.push({ kind: "dial" });
    });
  }

  receive(from: Side, chunk: Buffer, now: Now): readonly SessionEffect[] {
    return this.#do(now, () => {
      if (this.#open && from === "target") this.#answers.receive(chunk);
      else if (this.#open) {
        this.#answers.asked();
        this.#core.out.send("target", chunk);
      } else if (from === "client") this.#greeting.receive(chunk);
      else {
        const rest = this.#login?.receive(chunk) ?? null;
        if (rest !== null && this.#open) this.#answers.receive(rest);
      }
    });
  }

  resolve(id: number, resolution: Resolution, now: Now): readonly SessionEffect[] {
    return this.#do(now, () => {
      if (resolution.kind === "derived") this.#login?.derived(id, resolution.key);
      else if (resolution.kind === "failed") this.#login?.failed(resolution.error);
    });
  }

  control(order: Order, now: Now): readonly SessionEffect[] {
    return this.#do(now, () => {
      if (order.kind === "end") this.#core.end(order.reason, this.#open ? undefined : endReport(order.reason));
    });
  }

  opened(now: Now): readonly SessionEffect[] {
    return this.#do(now, () => this.#login?.opened());
  }

  secured(side: Side, info: SecuredInfo, now: Now): readonly SessionEffect[] {
    return this.#do(now, () => (side === "target" ? this.#login?.secured(info) : undefined));
  }

  tick(): readonly SessionEffect[] {
    return [];
  }

  close(from: Side, now: Now, reason?: HoopError): readonly SessionEffect[] {
    return this.#do(now, () => {
      if (from === "target" && !this.#open && this.#login !== null && reason !== undefined)
        return this.#login.failed(reason);
      const code = from === "client" ? "client-closed" : "target-closed";
      const end = { code, text: reason?.message ?? `the ${from} closed the connection` } as const;
      this.#core.end(end, this.#open ? undefined : endReport(end));
    });
  }

  #do(now: Now, action: () => void): readonly SessionEffect[] {
    if (!this.#core.ended) {
      this.#core.now = now;
      action();
    }
    return this.#core.out.take();
  }
}

export const createPassage: CreateSession = (init) => new Passage(init);
