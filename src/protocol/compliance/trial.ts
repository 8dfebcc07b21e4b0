import { createHash, pbkdf2Sync } from "node:crypto";
import {
  type Analysis,
  connectionId,
  type HoopError,
  type MaskPlan,
  type Permit,
  sessionId,
  statementId,
  subjectId,
} from "../../vocabulary/index.js";
import { MalformedError } from "../../wire/index.js";
import type { Ask, Waiting } from "../ask.js";
import type { EndReason, Note, Order, Resolution, SessionEffect, SessionInit, Side, WireSession } from "../session.js";
import type { Candidate, ScriptedTarget } from "./dialect.js";
import { secretIn, trialSecret } from "./secret.js";

/** Broke the contract of `session.ts` or one of the suite's promises. */
export class ComplianceError extends Error {
  override readonly name = "ComplianceError";
}

/** What becomes of an ask: an answer, or none for now. */
export type Judge = (ask: Ask, id: number) => Resolution | "hold";

export interface TrialOptions {
  readonly judge?: Judge | undefined;
  /** Answers what is sent to the target; without it the test feeds the target's side by hand. */
  readonly target?: ScriptedTarget | undefined;
  /** Plan that a `lookup` is answered with. */
  readonly masks?: MaskPlan | null | undefined;
  readonly init?: Partial<SessionInit> | undefined;
}

export interface OpenAsk {
  readonly id: number;
  readonly ask: Ask;
  /** Bytes that the target had been sent when the ask was made. */
  readonly targetBytes: number;
}

const session = sessionId("00000000-0000-4000-8000-000000000001");
export const trialStart = 1_800_000_000_000;

const analysis: Analysis = { shape: "?", effects: ["read"], resources: [], attributes: {}, unknowns: [] };

/**
 * The gate's allow. Only policy mints permits; a trial plays the gate's part, so it makes one up. `facts` are what the
 * analysis of the protocol's own language says beyond the neutral one.
 */
export function allow(
  id: number,
  masks: MaskPlan | null = null,
  facts: Readonly<Record<string, unknown>> = {},
): Resolution {
  const permit = { statement: statementId(session, id), purpose: "forward" } as unknown as Permit;
  return { kind: "answer", answer: { outcome: "allow", permit, analysis: { ...analysis, ...facts }, masks } };
}

export function deny(text: string): Resolution {
  return { kind: "answer", answer: { outcome: "deny", reasons: [{ rule: null, code: "test", text }], analysis: null } };
}

/**
 * Drives one session as the driver would: a clock that only the test moves, a fixed stream of "random" bytes, inputs one
 * after the other and never nested. Watches the contract all the while: nothing after `end`, nothing to a target that is
 * not open, ids used once, no secret in what leaves towards people.
 */
export class Trial {
  readonly sent: Record<Side, Buffer[]> = { client: [], target: [] };
  readonly asks: OpenAsk[] = [];
  readonly open = new Map<number, OpenAsk>();
  readonly notes: Note[] = [];
  /** Everything else that was wanted, in words. */
  readonly wishes: string[] = [];
  readonly timers = new Map<string, number>();
  readonly paused: Record<Side, boolean> = { client: false, target: false };
  now = trialStart;
  ended: EndReason | null = null;
  /** The peer broke the protocol: the driver ends such a session. */
  malformed: MalformedError | null = null;
  /** While true, what the scripted target answers is kept back. */
  holdTarget = false;

  readonly #session: WireSession;
  readonly #judge: Judge;
  readonly #options: TrialOptions;
  readonly #inputs: (() => readonly SessionEffect[])[] = [];
  readonly #waiting: Record<Side, Buffer[]> = { client: [], target: [] };
  readonly #kept: Buffer[] = [];
  readonly #closed: Record<Side, boolean> = { client: false, target: true };
  readonly #usedIds = new Set<number>();
  #running = false;

  constructor(candidate: Candidate, options: TrialOptions = {}) {
    this.#options = options;
    this.#judge = options.judge ?? ((_ask, id) => allow(id));
    this.#session = candidate.createSession(trialInit({ ...candidate.init, ...options.init }));
  }

  /** The session is over, one way or the other. */
  get over(): boolean {
    return this.ended !== null || this.malformed !== null;
  }

  bytesTo(side: Side): Buffer {
    return Buffer.concat(this.sent[side]);
  }

  /** Delivers a copy of the chunk; a paused side's bytes wait for its resume. */
  receive(from: Side, chunk: Buffer): void {
    if (this.paused[from]) this.#waiting[from].push(Buffer.from(chunk));
    else this.#input(() => this.#session.receive(from, Buffer.from(chunk), this.now));
  }

  /** Bytes of that side that were not taken because it is paused. */
  waiting(side: Side): number {
    return this.#waiting[side].reduce((sum, chunk) => sum + chunk.length, 0);
  }

  resolve(id: number, resolution: Resolution): void {
    this.open.delete(id);
    this.#input(() => this.#session.resolve(id, resolution, this.now));
  }

  /** Tells the session that an ask's answer takes a while; the ask stays open. */
  waits(id: number, waiting: Waiting): void {
    this.#input(() => this.#session.resolve(id, { kind: "waiting", waiting }, this.now));
  }

  control(order: Order): void {
    this.#input(() => this.#session.control(order, this.now));
  }

  close(from: Side, reason?: HoopError): void {
    if (this.#closed[from]) return;
    this.#closed[from] = true;
    this.#input(() => this.#session.close(from, this.now, reason));
  }

  /** Lets what the scripted target has answered so far go through. */
  releaseTarget(): void {
    this.holdTarget = false;
    for (const chunk of this.#kept.splice(0)) this.receive("target", chunk);
  }

  /** Moves the clock, with each timer's tick at its time. */
  advance(milliseconds: number, maxTicks = 100_000): void {
    const until = this.now + milliseconds;
    for (let ticks = 0; !this.over; ticks++) {
      const due = [...this.timers].filter(([, at]) => at <= until).sort((a, b) => a[1] - b[1])[0];
      if (!due) break;
      if (ticks >= maxTicks) throw new ComplianceError(`timer ${due[0]} ticks without end`);
      this.timers.delete(due[0]);
      this.now = Math.max(this.now, due[1]);
      this.#input(() => this.#session.tick(due[0], this.now));
    }
    this.now = until;
  }

  /** Calls that come too late, from a driver that had them under way. None may have an effect. */
  afterEnd(): void {
    const late: [string, () => readonly SessionEffect[]][] = [
      ...[...this.timers.keys()].map((name) => [`tick ${name}`, () => this.#session.tick(name, this.now)] as const),
      ...[...this.open.keys()].map(
        (id) => [`resolve ${id}`, () => this.#session.resolve(id, allow(id), this.now)] as const,
      ),
      ["client bytes", () => this.#session.receive("client", Buffer.from("late"), this.now)],
      ["target bytes", () => this.#session.receive("target", Buffer.from("late"), this.now)],
      ["close of the client", () => this.#session.close("client", this.now)],
      ["close of the target", () => this.#session.close("target", this.now)],
      ["an order", () => this.#session.control({ kind: "rejudge" }, this.now)],
    ].map(([name, call]) => [name as string, call as () => readonly SessionEffect[]]);
    for (const [name, call] of late) {
      const effects = call();
      if (effects.length > 0)
        throw new ComplianceError(`${name} after the end still does: ${effects.map((e) => e.kind).join(", ")}`);
    }
  }

  #input(call: () => readonly SessionEffect[]): void {
    this.#inputs.push(call);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#inputs.shift(); next && !this.over; next = this.#inputs.shift()) this.#step(next);
    } finally {
      this.#inputs.length = 0;
      this.#running = false;
    }
  }

  #step(call: () => readonly SessionEffect[]): void {
    let effects: readonly SessionEffect[];
    try {
      effects = call();
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.#scan("an error", error.message);
      this.malformed = error;
      return;
    }
    for (const effect of effects) {
      if (this.ended) throw new ComplianceError(`${effect.kind} after end`);
      this.#perform(effect);
    }
  }

  #perform(effect: SessionEffect): void {
    switch (effect.kind) {
      case "send":
        this.#send(effect.to, Buffer.from(effect.bytes));
        return;
      case "reach":
        if (!this.#closed.target) throw new ComplianceError("reach while the target is open");
        return;
      case "dial":
        if (!this.#closed.target) throw new ComplianceError("dial while the target is open");
        this.#closed.target = false;
        this.wishes.push("dial");
        this.#inputs.push(() => this.#session.opened(this.now));
        return;
      case "ask":
        this.#ask(effect.id, effect.ask);
        return;
      case "withdraw":
        if (!this.#usedIds.has(effect.id)) throw new ComplianceError(`withdraws ${effect.id}, which was never asked`);
        this.wishes.push(`withdraw ${effect.id} ${effect.why ?? "disconnected"}`);
        this.open.delete(effect.id);
        return;
      case "lookup":
        this.#use(effect.id);
        this.wishes.push(`lookup ${effect.relations.join(",")}`);
        this.#inputs.push(() =>
          this.#session.resolve(effect.id, { kind: "masks", masks: this.#options.masks ?? null }, this.now),
        );
        return;
      case "derive": {
        this.#use(effect.id);
        const key = pbkdf2Sync(effect.secret, effect.salt, effect.iterations, 32, "sha256");
        this.#inputs.push(() => this.#session.resolve(effect.id, { kind: "derived", key }, this.now));
        return;
      }
      case "note":
        this.#scan("a note", JSON.stringify(effect.note));
        this.notes.push(effect.note);
        return;
      case "flow":
        this.#flow(effect.side, effect.flow === "pause");
        return;
      case "timer":
        if (effect.at === null) this.timers.delete(effect.name);
        else this.timers.set(effect.name, effect.at);
        return;
      case "secure":
        throw new ComplianceError(`secure ${effect.side}: trials are spoken without TLS`);
      case "register":
      case "signal":
        this.wishes.push(`${effect.kind} ${effect.key}`);
        return;
      case "aside":
        this.wishes.push(`aside ${effect.bytes.toString("hex")}`);
        return;
      case "end":
        this.#scan("the end's reason", effect.reason.text);
        this.ended = effect.reason;
    }
  }

  #send(to: Side, bytes: Buffer): void {
    if (bytes.length === 0) throw new ComplianceError(`an empty send to the ${to}`);
    if (this.#closed[to]) throw new ComplianceError(`bytes to the ${to}, which is not open`);
    this.sent[to].push(bytes);
    if (to === "client") {
      this.#scan("bytes to the client", bytes);
      return;
    }
    const answer = this.#options.target?.receive(bytes);
    if (!answer || answer.length === 0) return;
    if (this.holdTarget) this.#kept.push(answer);
    else this.receive("target", answer);
  }

  #ask(id: number, ask: Ask): void {
    this.#use(id);
    this.#scan("an ask", ask.text);
    const open = { id, ask, targetBytes: this.bytesTo("target").length };
    this.asks.push(open);
    const resolution = this.#judge(ask, id);
    if (resolution === "hold") this.open.set(id, open);
    else this.#inputs.push(() => this.#session.resolve(id, resolution, this.now));
  }

  #use(id: number): void {
    if (this.#usedIds.has(id)) throw new ComplianceError(`id ${id} is used twice`);
    this.#usedIds.add(id);
  }

  #flow(side: Side, paused: boolean): void {
    this.paused[side] = paused;
    if (paused) return;
    for (const chunk of this.#waiting[side].splice(0)) this.receive(side, chunk);
  }

  #scan(where: string, bytes: Uint8Array | string): void {
    if (secretIn(bytes)) throw new ComplianceError(`the target's secret is in ${where}`);
  }
}

/** A session's world in which nothing is left to chance. */
export function trialInit(init: Partial<SessionInit> = {}): SessionInit {
  let counter = 0;
  return {
    session,
    subject: {
      id: subjectId("00000000-0000-4000-8000-000000000002"),
      kind: "person",
      name: "ada",
      groups: ["engineers"],
      version: 1,
    },
    connection: {
      id: connectionId("00000000-0000-4000-8000-000000000003"),
      name: "trial",
      protocol: "trial",
      host: "127.0.0.1",
      port: 1,
      agent: null,
      labels: {},
      tls: { mode: "disable" },
      target: {},
      exposesCredentialToAgent: false,
      version: 1,
    },
    refusal: null,
    credential: { user: "hoop_login", secret: trialSecret },
    viaAgent: false,
    clientTls: false,
    limits: { maxFrame: 64 * 1024, maxQueued: 32 * 1024, handshakeMs: 10_000 },
    random: (n) => {
      const blocks = Array.from({ length: Math.ceil(n / 32) }, () =>
        createHash("sha256").update(`trial ${counter++}`).digest(),
      );
      return Buffer.concat(blocks).subarray(0, n);
    },
    ...init,
  };
}
