import { TransportError } from "../../transport/index.js";
import type { Pipe, PipeAbort } from "../../transport/pipe.js";
import { type ErrorCode, HoopError, hoopErrorFrom } from "../../vocabulary/index.js";
import { MalformedError } from "../../wire/index.js";
import type { SessionHost } from "../host.js";
import type { CreateSession, EndReason, Order, SessionEffect, Side, WireSession } from "../session.js";
import { secureClient, secureTarget } from "./host-tls.js";
import { later } from "./later.js";
import { sendAside } from "./send-aside.js";
import { SidePort } from "./side-port.js";
import { stretch } from "./stretch.js";

/** After the end: how long a side may take to read what it was sent and to close. */
const lingerMs = 3_000;
/** Bytes that a client has not read yet, past which nothing more is read from it. */
const maxUnread = 1024 * 1024;

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
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #ports: { client: SidePort | null; target: SidePort | null } = { client: null, target: null };
  #calls: (() => readonly SessionEffect[])[] = [];
  #busy = false;
  #reason: EndReason | null = null;
  #deadline: NodeJS.Timeout | undefined;
  #alpn: readonly string[] = [];
  #asides = 0;
  /** The target, as soon as it is likely to be wanted. */
  #reached: Promise<Pipe> | null = null;

  constructor(host: SessionHost, session: WireSession, resolve: (reason: EndReason) => void) {
    this.#host = host;
    this.#session = session;
    this.#resolve = resolve;
  }

  start(): void {
    const { host } = { host: this.#host };
    this.#startDeadline();
    host.onOrder((order) => this.#order(order));
    const stopped = () =>
      this.#order({ kind: "end", reason: { code: "drained", text: "the gateway is stopping" } }, true);
    if (host.signal.aborted) stopped();
    else {
      host.signal.addEventListener("abort", stopped, { once: true });
      this.#stop.signal.addEventListener("abort", () => host.signal.removeEventListener("abort", stopped));
    }
    this.#ports.client = this.#port("client", host.client);
    if (this.#reason !== null) this.#close();
  }

  #startDeadline(): void {
    const { handshakeMs } = this.#host.init.limits;
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(
      () => this.#order({ kind: "end", reason: { code: "timeout", text: `no login within ${handshakeMs} ms` } }, true),
      handshakeMs,
    );
  }

  /** `must`: the session has no choice but to end, in words or without. */
  #order(order: Order, must = false): void {
    if (this.#reason !== null) return;
    this.#call(() => {
      const effects = this.#session.control(order, Date.now());
      return must && order.kind === "end" ? withEnd(effects, order.reason) : effects;
    });
  }

  #port(side: Side, pipe: Pipe): SidePort {
    const other = side === "client" ? "target" : "client";
    return new SidePort(pipe, {
      data: (chunk) => this.#receive(side, chunk),
      gone: (abort) =>
        this.#call(() => this.#session.close(side, Date.now(), abort === null ? undefined : errorFrom(abort))),
      backedUp: (backed) => {
        const source = this.#ports[other];
        if (!backed) {
          source?.resume("backed-up");
          this.#ports.client?.resume("unread");
          return;
        }
        source?.pause("backed-up");
        // Answers of our own (refusals) would pile up for a client that asks and never reads.
        if (side === "client" && this.#ports.client !== null && this.#ports.client.buffered > maxUnread) {
          this.#ports.client.pause("unread");
        }
      },
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
      if (effect.kind === "send") this.#ports[effect.to]?.send(effect.bytes);
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
    this.#ports.client?.flush();
    // One that is over hands its last words to the target when it closes it.
    if (this.#reason === null) this.#ports.target?.flush();
    else this.#close();
  }

  /** A side broke the protocol, or we have a defect: say so if that can still be said, and end. */
  #lastWords(error: unknown): readonly SessionEffect[] {
    const reason: EndReason =
      error instanceof MalformedError
        ? { code: "malformed", text: error.message }
        : { code: "internal", text: "something went wrong inside the gateway" };
    if (reason.code === "internal") this.#host.note({ kind: "warning", text: `internal: ${stackOf(error)}` });
    try {
      return withEnd(this.#session.control({ kind: "end", reason }, Date.now()), reason);
    } catch {
      return [{ kind: "end", reason }];
    }
  }

  #apply(effect: Exclude<SessionEffect, { kind: "send" }>): void {
    const host = this.#host;
    switch (effect.kind) {
      case "ask":
        this.#ask(effect);
        return;
      case "withdraw":
        host.gate.withdraw?.(effect.id, effect.why);
        return;
      case "lookup":
        host.gate.lookup(effect.ask, effect.relations, (result) =>
          this.#call(() =>
            this.#session.resolve(
              effect.id,
              result instanceof HoopError ? { kind: "failed", error: result } : { kind: "masks", masks: result },
              Date.now(),
            ),
          ),
        );
        return;
      case "derive":
        this.#derive(effect);
        return;
      case "note":
        if (effect.note.kind === "ready") clearTimeout(this.#deadline);
        host.note(effect.note);
        return;
      case "flow":
        if (effect.flow === "pause") this.#ports[effect.side]?.pause("session");
        else this.#ports[effect.side]?.resume("session");
        return;
      case "reach":
        this.#reach();
        return;
      case "dial":
        void this.#dial();
        return;
      case "secure":
        void this.#secure(effect);
        return;
      case "timer":
        this.#timer(effect.name, effect.at);
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
          if (id !== undefined) this.#call(() => this.#session.resolve(id, { kind: "done" }, Date.now()));
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
    const entrance = ask.phase === "connect";
    if (entrance) clearTimeout(this.#deadline);
    this.#host.gate.judge(
      id,
      ask,
      (answer) => {
        if (entrance && this.#reason === null) this.#startDeadline();
        this.#call(() => this.#session.resolve(id, { kind: "answer", answer }, Date.now()));
      },
      (waiting) => this.#call(() => this.#session.resolve(id, { kind: "waiting", waiting }, Date.now())),
    );
  }

  #derive({ id, secret, salt, iterations }: Extract<SessionEffect, { kind: "derive" }>): void {
    stretch(secret, salt, iterations, (error, key) =>
      this.#call(() =>
        this.#session.resolve(
          id,
          error === null ? { kind: "derived", key } : { kind: "failed", error: hoopErrorFrom(error) },
          Date.now(),
        ),
      ),
    );
  }

  #reach(): void {
    this.#reached ??= this.#host.dial(this.#stop.signal);
    // Whoever dials is told.
    this.#reached.catch(() => {});
  }

  async #dial(): Promise<void> {
    try {
      const pipe = await (this.#reached ?? this.#host.dial(this.#stop.signal));
      if (this.#reason !== null) return pipe.abort({ code: "cancelled", text: "the session is over" });
      this.#ports.target = this.#port("target", pipe);
      this.#call(() => this.#session.opened(Date.now()));
    } catch (error) {
      const reason = portError(error, "the target cannot be reached");
      this.#call(() => this.#session.close("target", Date.now(), reason));
    }
  }

  async #secure({ side, head, alpn }: Extract<SessionEffect, { kind: "secure" }>): Promise<void> {
    const port = this.#ports[side]!;
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

  #timer(name: string, at: number | null): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
    if (at === null) return;
    const wait = Math.max(0, at - Date.now());
    this.#timers.set(
      name,
      setTimeout(() => {
        this.#timers.delete(name);
        this.#call(() => this.#session.tick(name, Date.now()));
      }, wait),
    );
  }

  #closing = false;

  /** Delivers what was sent, closes both sides, and answers when they are closed. */
  #close(): void {
    const { client, target } = this.#ports;
    if (this.#closing || client === null) return;
    this.#closing = true;
    clearTimeout(this.#deadline);
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#stop.abort();
    const reason = this.#reason!;
    const abort: PipeAbort = { code: abortCodes[reason.code], text: reason.text };
    if (target === null)
      this.#reached?.then(
        (pipe) => pipe.abort(abort),
        () => {},
      );
    for (const port of [client, target]) {
      if (port === null) continue;
      if (port === target && endsMany.has(reason.code)) later(() => this.#end(port, abort));
      else this.#end(port, abort);
    }
    this.#settled();
  }

  #end(port: SidePort, abort: PipeAbort): void {
    // Nobody listens any more, but a paused side would never tell that it is closed.
    for (const why of ["session", "backed-up", "unread"]) port.resume(why);
    port.end();
    const linger = setTimeout(() => port.abort(abort), lingerMs);
    port.whenClosed(() => {
      clearTimeout(linger);
      this.#settled();
    });
  }

  #settled(): void {
    const { client, target } = this.#ports;
    if (!this.#closing || this.#asides > 0 || client?.closed === false || target?.closed === false) return;
    this.#resolve(this.#reason!);
  }
}

/** Why many sessions may end in one turn. */
const endsMany: ReadonlySet<EndReason["code"]> = new Set(["revoked", "killed", "drained"]);

const abortCodes: Readonly<Record<EndReason["code"], PipeAbort["code"]>> = {
  "client-closed": "cancelled",
  "target-closed": "unavailable",
  refused: "denied",
  killed: "denied",
  revoked: "denied",
  drained: "unavailable",
  timeout: "timeout",
  malformed: "malformed",
  limited: "limited",
  unavailable: "unavailable",
  "login-failed": "denied",
  internal: "internal",
};

function withEnd(effects: readonly SessionEffect[], reason: EndReason): readonly SessionEffect[] {
  return effects.some(({ kind }) => kind === "end") ? effects : [...effects, { kind: "end", reason }];
}

function errorFrom({ code, text }: PipeAbort): HoopError {
  return new HoopError(code satisfies ErrorCode, text);
}

function portError(error: unknown, message: string): HoopError {
  return error instanceof TransportError ? errorFrom(error.abort) : hoopErrorFrom(error, message);
}

function stackOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return stack.slice(0, 2_000);
}
