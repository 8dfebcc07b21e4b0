import type {
  CreateSession,
  Note,
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
import { endReport } from "../errors.js";
import { Conversation } from "./conversation.js";
import { Core } from "./core.js";
import { Entrance } from "./entrance.js";
import { Greeting, type Startup } from "./greeting.js";
import { TargetLogin } from "./target-login.js";

/** One PostgreSQL session: greeting with the client, login at the target, then the conversation between both. */
class PostgresSession implements WireSession {
  readonly #core: Core;
  readonly #greeting: Greeting;
  /** Not null: the access, or what the session is to start with, is asked about. */
  #entrance: Entrance | null = null;
  #login: TargetLogin | null = null;
  #conversation: Conversation | null = null;
  /** What an eager client sent behind its startup packet. */
  #early: Buffer[] = [];
  #earlyBytes = 0;

  constructor(init: SessionInit) {
    this.#core = new Core(init);
    this.#greeting = new Greeting(this.#core, (startup, rest, settings) => this.#greeted(startup, rest, settings));
  }

  receive(from: Side, chunk: Buffer, now: Now): readonly SessionEffect[] {
    const core = this.#core;
    // As `#do`, for what comes most often.
    if (core.ended) return core.out.take();
    core.now = now;
    if (from === "client") this.#fromClient(chunk);
    else this.#fromTarget(chunk);
    return core.out.take();
  }

  resolve(id: number, resolution: Resolution, now: Now): readonly SessionEffect[] {
    return this.#do(now, () => {
      if (this.#conversation !== null) this.#conversation.resolve(id, resolution);
      else if (this.#entrance !== null) this.#atEntrance(this.#entrance, id, resolution);
      else if (resolution.kind === "derived") this.#login?.derived(id, resolution.key);
      else if (resolution.kind === "failed") this.#login?.failed(resolution.error);
    });
  }

  control(order: Order, now: Now): readonly SessionEffect[] {
    return this.#do(now, () => {
      if (this.#conversation !== null) this.#conversation.control(order);
      else if (order.kind === "end") {
        this.#entrance?.leave(order.reason);
        this.#core.end(order.reason, endReport(order.reason));
      }
    });
  }

  opened(now: Now): readonly SessionEffect[] {
    return this.#do(now, () => this.#login?.opened());
  }

  secured(side: Side, info: SecuredInfo, now: Now): readonly SessionEffect[] {
    return this.#do(now, () => {
      if (side === "client") this.#greeting.secured(info);
      else this.#login?.secured(info);
    });
  }

  tick(name: string, now: Now): readonly SessionEffect[] {
    return this.#do(now, () => (this.#conversation ?? this.#entrance)?.tick(name));
  }

  close(from: Side, now: Now, reason?: HoopError): readonly SessionEffect[] {
    return this.#do(now, () => {
      if (this.#conversation !== null) {
        if (from === "client") this.#conversation.ending.clientGone();
        else this.#conversation.ending.targetGone(reason);
      } else if (from === "client") {
        const end = { code: "client-closed", text: "the client left before its session began" } as const;
        this.#entrance?.leave(end);
        this.#core.end(end);
      } else if (this.#login !== null && reason !== undefined) this.#login.failed(reason);
      else {
        const end = { code: "target-closed", text: "the target closed the connection during the login" } as const;
        this.#core.end(end, endReport(end));
      }
    });
  }

  #do(now: Now, action: () => void): readonly SessionEffect[] {
    const core = this.#core;
    if (core.ended) return core.out.take();
    core.now = now;
    action();
    return core.out.take();
  }

  #greeted(startup: Startup, rest: Buffer, settings: readonly string[]): void {
    this.#keepEarly(rest);
    if (this.#core.init.asksToConnect !== true && settings.length === 0) return this.#dial(startup, []);
    this.#entrance = new Entrance(this.#core, startup, settings, (now, judged) => {
      this.#entrance = null;
      this.#dial(now, judged);
    });
  }

  #atEntrance(entrance: Entrance, id: number, resolution: Resolution): void {
    if (resolution.kind === "answer") entrance.answered(id, resolution.answer);
    else if (resolution.kind === "waiting") entrance.waits(id, resolution.waiting);
    else if (resolution.kind === "failed") entrance.failed(id, resolution.error);
  }

  #dial(startup: Startup, judged: readonly number[]): void {
    this.#login = new TargetLogin(this.#core, startup, (parameters, status) => {
      this.#begin(startup, parameters, status);
      for (const ask of judged) this.#core.out.note(started(ask));
    });
    this.#core.out.push({ kind: "dial" });
  }

  #keepEarly(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#earlyBytes += chunk.length;
    if (this.#earlyBytes > this.#core.init.limits.maxQueued)
      throw new MalformedError("too much sent before the login was over");
    this.#early.push(chunk);
  }

  #begin(startup: Startup, parameters: ReadonlyMap<string, string>, status: number): void {
    this.#core.out.note({
      kind: "ready",
      targetVersion: parameters.get("server_version")?.slice(0, 128) ?? "unknown",
      client: startup.client,
    });
    this.#conversation = new Conversation(this.#core, startup, parameters, status);
    this.#conversation.settle();
    for (const chunk of this.#early.splice(0)) this.#conversation.client.receive(chunk);
  }

  #fromClient(chunk: Buffer): void {
    if (this.#conversation !== null) this.#conversation.client.receive(chunk);
    else if (this.#login !== null || this.#entrance !== null) this.#keepEarly(chunk);
    else this.#greeting.receive(chunk);
  }

  #fromTarget(chunk: Buffer): void {
    if (this.#conversation !== null) {
      this.#conversation.target.receive(chunk);
      return;
    }
    if (this.#login === null) throw new MalformedError("the target speaks before it was asked");
    const rest = this.#login.receive(chunk);
    // The login hands over in the middle of a chunk.
    const conversation = this.#conversation as Conversation | null;
    if (rest !== null && conversation !== null) conversation.target.receive(rest);
  }
}

/** A setting that the target took in its startup packet. */
function started(ask: number): Note {
  return { kind: "finished", ask, outcome: "ok", rows: 0, bytes: 0, maskedCells: 0, tag: "SET" };
}

export const createPostgresSession: CreateSession = (init) => new PostgresSession(init);
