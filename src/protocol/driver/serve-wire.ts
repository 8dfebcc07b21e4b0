import type { Pipe } from "../../transport/pipe.js";
import { HoopError, hoopErrorFrom } from "../../vocabulary/index.js";
import type { SessionHost } from "../host.js";
import type { CreateSession, EndReason, Order, Resolution, SessionEffect, Side, WireSession } from "../session.js";
import { relievePressure } from "./back-pressure.js";
import { closePort } from "./close-port.js";
import { abortFor, endsMany, errorFrom, portError, reasonOf, stackOf, withEnd } from "./end-reasons.js";
import { Endings } from "./endings.js";
import { secureClient, secureTarget } from "./host-tls.js";
import { later } from "./later.js";
import { LoginDeadline } from "./login-deadline.js";
import { Reaching } from "./reaching.js";
import { sendAside } from "./send-aside.js";
import { SidePort } from "./side-port.js";
import { stretch } from "./stretch.js";
import { Timers } from "./timers.js";

/**
 * Lifts a sans-io session to `Protocol.serve`: carries out its effects over two pipes and the ports of the host.
 * The promise resolves when both sides are closed; it never rejects.
 *
 * @example export const postgres: Protocol = { …, serve: serveWire(createPostgresSession) };
 */
export function serveWire(createSession: CreateSession): (host: SessionHost) => Promise<EndReason> {
  return (host) => new Promise((resolve) => new Drive(host, createSession(host.init), resolve).start());
}

class Drive {
  readonly #host: SessionHost;
  readonly #session: WireSession;
  readonly #resolve: (reason: EndReason) => void;
  readonly #stop = new AbortController();
  readonly #timers = new Timers((name) => this.#call(() => this.#session.tick(name, Date.now())));
  readonly #deadline: LoginDeadline;
  readonly #reaching: Reaching;
  readonly #endings: Endings;
  #client: SidePort | null = null;
  #target: SidePort | null = null;
  #calls: (() => readonly SessionEffect[])[] = [];
  #busy = false;
  #reason: EndReason | null = null;
  #alpn: readonly string[] = [];
  #asides = 0;
  #closing = false;
  /** The login is over. */
  #ready = false;

  constructor(host: SessionHost, session: WireSession, resolve: (reason: EndReason) => void) {
    this.#host = host;
    this.#session = session;
    this.#resolve = resolve;
    this.#reaching = new Reaching(host, this.#stop.signal);
    this.#endings = new Endings(host);
    this.#deadline = new LoginDeadline(host.init.limits.handshakeMs, (ms) => {
      this.#order({ kind: "end", reason: { code: "timeout", text: `no login within ${ms} ms` } }, true);
    });
  }

  start(): void {
    const host = this.#host;
    this.#deadline.start();
    host.onOrder((order) => this.#order(order));
    const stopped = () =>
      this.#order({ kind: "end", reason: { code: "drained", text: "the gateway is stopping" } }, true);
    if (host.signal.aborted) stopped();
    else host.signal.addEventListener("abort", stopped, { once: true, signal: this.#stop.signal });
    this.#client = this.#port("client", host.client);
    if (this.#reason !== null) this.#close();
  }

  /** `must`: the session has no choice but to end, in words or without. */
  #order(order: Order, must = false): void {
    if (this.#reason !== null) return;
    this.#call(() => {
      const effects = this.#session.control(order, Date.now());
      return must && order.kind === "end" ? withEnd(effects, order.reason) : effects;
    });
  }

  #at(side: Side): SidePort | null {
    return side === "client" ? this.#client : this.#target;
  }

  #port(side: Side, pipe: Pipe): SidePort {
    return new SidePort(pipe, {
      data: (chunk) => this.#receive(side, chunk),
      gone: (abort) =>
        this.#call(() => this.#session.close(side, Date.now(), abort === null ? undefined : errorFrom(abort))),
      backedUp: (backed) => relievePressure(side, backed, this.#client, this.#target),
    });
  }

  /** As `#call`, for what comes most often. */
  #receive(side: Side, chunk: Buffer): void {
    if (this.#busy || this.#reason !== null) {
      this.#call(() => this.#session.receive(side, chunk, Date.now()));
      return;
    }
    this.#busy = true;
    let effects: readonly SessionEffect[];
    try {
      effects = this.#session.receive(side, chunk, Date.now());
    } catch (error) {
      effects = this.#lastWords(error);
    }
    this.#carryOut(effects);
    this.#goOn();
  }

  /** The same for an answer to what the session asked for. */
  #answered(id: number, resolution: Resolution): void {
    if (this.#busy || this.#reason !== null) {
      this.#call(() => this.#session.resolve(id, resolution, Date.now()));
      return;
    }
    this.#busy = true;
    let effects: readonly SessionEffect[];
    try {
      effects = this.#session.resolve(id, resolution, Date.now());
    } catch (error) {
      effects = this.#lastWords(error);
    }
    this.#carryOut(effects);
    this.#goOn();
  }

  /** Calls into the session never nest: what a port answers at once waits for its turn. */
  #call(call: () => readonly SessionEffect[]): void {
    this.#calls.push(call);
    if (this.#busy) return;
    this.#busy = true;
    this.#goOn();
  }

  #carryOut(effects: readonly SessionEffect[]): void {
    for (let at = 0; at < effects.length && this.#reason === null; at++) {
      const effect = effects[at]!;
      if (effect.kind === "send") this.#at(effect.to)?.send(effect.bytes);
      else this.#apply(effect);
    }
  }

  /** Makes the calls that wait, then hands over what was sent. */
  #goOn(): void {
    while (this.#calls.length > 0) {
      const next = this.#calls.shift()!;
      if (this.#reason !== null) continue;
      let effects: readonly SessionEffect[];
      try {
        effects = next();
      } catch (error) {
        effects = this.#lastWords(error);
      }
      this.#carryOut(effects);
    }
    this.#busy = false;
    this.#client?.flush();
    // One that is over hands its last words to the target when it closes it.
    if (this.#reason === null) this.#target?.flush();
    else this.#close();
    this.#endings.tellLater();
  }

  /** A side broke the protocol, or we have a defect: say so if that can still be said, and end. */
  #lastWords(error: unknown): readonly SessionEffect[] {
    const reason = reasonOf(error);
    if (reason.code === "internal") this.#host.note({ kind: "warning", text: `internal: ${stackOf(error)}` });
    try {
      return withEnd(this.#session.control({ kind: "end", reason }, Date.now()), reason);
    } catch {
      return [{ kind: "end", reason }];
    }
  }

  #apply(effect: Exclude<SessionEffect, { kind: "send" }>): void {
    const host = this.#host;
    if (effect.kind === "note" && effect.note.kind === "finished") {
      this.#endings.add(effect.note);
      return;
    }
    this.#endings.tell();
    switch (effect.kind) {
      case "ask":
        this.#ask(effect);
        return;
      case "withdraw":
        host.gate.withdraw?.(effect.id, effect.why);
        return;
      case "lookup":
        host.gate.lookup(effect.ask, effect.relations, (result) =>
          this.#answered(
            effect.id,
            result instanceof HoopError ? { kind: "failed", error: result } : { kind: "masks", masks: result },
          ),
        );
        return;
      case "derive":
        this.#derive(effect);
        return;
      case "note":
        if (effect.note.kind === "ready") {
          this.#ready = true;
          this.#deadline.stop();
        }
        host.note(effect.note);
        return;
      case "flow":
        if (effect.flow === "pause") this.#at(effect.side)?.pause("session");
        else this.#at(effect.side)?.resume("session");
        return;
      case "reach":
        this.#reaching.begin();
        return;
      case "dial":
        void this.#dial();
        return;
      case "secure":
        void this.#secure(effect);
        return;
      case "timer":
        this.#timers.set(effect.name, effect.at);
        return;
      case "register":
        host.cancels.register(effect.key);
        return;
      case "signal":
        host.cancels.signal(effect.key);
        return;
      case "aside":
        this.#asides++;
        void sendAside(host, effect, this.#alpn).finally(() => {
          this.#asides--;
          const { id } = effect;
          if (id !== undefined) this.#answered(id, { kind: "done" });
          this.#settled();
        });
        return;
      case "end":
        this.#reason = effect.reason;
        return;
    }
  }

  #ask({ id, ask }: Extract<SessionEffect, { kind: "ask" }>): void {
    // People take longer than a login may: its deadline starts anew when they have decided.
    let stopped = ask.phase === "connect";
    if (stopped) this.#deadline.stop();
    this.#host.gate.judge(
      id,
      ask,
      (answer) => {
        if (stopped && this.#reason === null) this.#deadline.start();
        this.#answered(id, { kind: "answer", answer });
      },
      (waiting) => {
        if (!this.#ready && !stopped) {
          stopped = true;
          this.#deadline.stop();
        }
        this.#answered(id, { kind: "waiting", waiting });
      },
    );
  }

  #derive({ id, secret, salt, iterations }: Extract<SessionEffect, { kind: "derive" }>): void {
    stretch(secret, salt, iterations, (error, key) =>
      this.#answered(id, error === null ? { kind: "derived", key } : { kind: "failed", error: hoopErrorFrom(error) }),
    );
  }

  async #dial(): Promise<void> {
    try {
      const pipe = await this.#reaching.pipe();
      if (this.#reason !== null) return pipe.abort({ code: "cancelled", text: "the session is over" });
      this.#target = this.#port("target", pipe);
      this.#call(() => this.#session.opened(Date.now()));
    } catch (error) {
      const reason = portError(error, "the target cannot be reached");
      this.#call(() => this.#session.close("target", Date.now(), reason));
    }
  }

  async #secure({ side, head, alpn }: Extract<SessionEffect, { kind: "secure" }>): Promise<void> {
    const port = this.#at(side)!;
    const request = { head, alpn, signal: this.#stop.signal };
    if (side === "target") this.#alpn = alpn;
    try {
      const { info } = await port.upgrade((lower) =>
        side === "client"
          ? secureClient(this.#host, lower, request)
          : secureTarget(this.#host.init.connection, lower, request),
      );
      this.#call(() => this.#session.secured(side, info, Date.now()));
    } catch (error) {
      const reason = portError(error, "TLS could not be set up");
      this.#call(() => this.#session.close(side, Date.now(), reason));
    }
  }

  /** Delivers what was sent, closes both sides, and answers when they are closed. */
  #close(): void {
    const client = this.#client;
    const target = this.#target;
    if (this.#closing || client === null) return;
    this.#closing = true;
    this.#endings.tell();
    this.#deadline.stop();
    this.#timers.clear();
    this.#stop.abort();
    const reason = this.#reason!;
    const abort = abortFor(reason);
    if (target === null) this.#reaching.giveUp(abort);
    for (const port of [client, target]) {
      if (port === null) continue;
      if (port === target && endsMany.has(reason.code)) later(() => closePort(port, abort, () => this.#settled()));
      else closePort(port, abort, () => this.#settled());
    }
    this.#settled();
  }

  #settled(): void {
    if (!this.#closing || this.#asides > 0) return;
    if (this.#client?.closed === false || this.#target?.closed === false) return;
    this.#resolve(this.#reason!);
  }
}
