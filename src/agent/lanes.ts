import { DialFailure } from "../transport/grpc/gen/hoop/v1/agent_pb.js";
import { AgentService, type GrpcSession, laneNonceHeader } from "../transport/grpc/index.js";
import { joinPipes, type Pipe } from "../transport/index.js";
import { type AllowList, DialError } from "./allow-list.js";
import { dialTarget } from "./dial-target.js";
import type { AgentLog } from "./log.js";

/** A dial that the gateway ordered. */
export interface Order {
  readonly nonce: string;
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}

export interface LanesOptions {
  readonly allow: AllowList;
  readonly maxLanes: number;
  readonly dialMs: number;
  readonly log: AgentLog;
}

/** Dials at a time; more wait their turn, since each may hold a thread of the resolver. */
const maxDialling = 128;

const failures = {
  "not-allowed": DialFailure.NOT_ALLOWED,
  "not-resolved": DialFailure.NOT_RESOLVED,
  refused: DialFailure.REFUSED,
  timeout: DialFailure.TIMEOUT,
  limit: DialFailure.LIMIT,
} as const;

/** The dials and lanes of an agent, over every connection to the gateway that it had and has. */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #dialling = new Map<string, AbortController>();
  readonly #open = new Set<readonly [Pipe, Pipe]>();
  #active = 0;
  readonly #waiting: (() => void)[] = [];
  #idle: (() => void) | null = null;
  #draining = false;

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#open.size + this.#dialling.size;
  }

  /** Carries out an order; the lane is opened on the connection that the order came by. `fail` tells the gateway why not. */
  async dial(session: GrpcSession, order: Order, fail: (failure: DialFailure, text: string) => void): Promise<void> {
    const { allow, dialMs, log, maxLanes } = this.#options;
    const { nonce, host, port } = order;
    if (this.#dialling.has(nonce)) return;
    if (this.#draining || this.size >= maxLanes) {
      fail(DialFailure.LIMIT, this.#draining ? "it is shutting down" : `${maxLanes} at a time`);
      return;
    }
    const withdrawn = new AbortController();
    this.#dialling.set(nonce, withdrawn);
    try {
      const timeoutMs = Math.min(dialMs, order.timeoutMs || dialMs);
      const target = await this.#inTurn(() => dialTarget(allow, order, timeoutMs, withdrawn.signal));
      if (withdrawn.signal.aborted || !session.usable) {
        target.abort({ code: "cancelled", text: "the gateway no longer wants it" });
        fail(DialFailure.LIMIT, "this connection to the gateway takes no new lanes");
        return;
      }
      this.#carry(
        target,
        session.lane(AgentService.method.lane, { headers: { [laneNonceHeader]: nonce } }),
        host,
        port,
      );
    } catch (error) {
      if (withdrawn.signal.aborted) return;
      const failure = error instanceof DialError ? error.failure : "refused";
      log.warn({ host, port, failure, error: (error as Error).message }, "not dialled");
      fail(failures[failure], error instanceof DialError ? error.message : "");
    } finally {
      this.#dialling.delete(nonce);
      this.#maybeIdle();
    }
  }

  /** Who waited too long was withdrawn by the gateway meanwhile, and fails at once when the turn comes. */
  async #inTurn(dial: () => Promise<Pipe>): Promise<Pipe> {
    if (this.#active < maxDialling) this.#active++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await dial();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#active--;
    }
  }

  withdraw(nonce: string): void {
    this.#dialling.get(nonce)?.abort();
  }

  /** No new dials; resolves when every lane is over, or after `ms`, when the rest is cut. */
  async drain(ms: number): Promise<void> {
    this.#draining = true;
    if (this.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const idle = new Promise<void>((resolve) => {
      this.#idle = resolve;
      timer = setTimeout(resolve, ms);
    });
    await idle;
    clearTimeout(timer);
    this.cut("the agent is shutting down");
  }

  /** Ends everything. */
  cut(text: string): void {
    for (const dialling of this.#dialling.values()) dialling.abort();
    for (const pipes of [...this.#open]) for (const pipe of pipes) pipe.abort({ code: "unavailable", text });
  }

  #carry(target: Pipe, lane: Pipe, host: string, port: number): void {
    const { log } = this.#options;
    const pair = [target, lane] as const;
    this.#open.add(pair);
    const since = Date.now();
    log.info({ host, port, target: target.label, lanes: this.#open.size }, "lane opened");
    void joinPipes(target, lane).then((abort) => {
      this.#open.delete(pair);
      const { bytesIn, bytesOut } = target;
      log.info({ host, port, ms: Date.now() - since, bytesIn, bytesOut, abort: abort?.text }, "lane closed");
      this.#maybeIdle();
    });
  }

  #maybeIdle(): void {
    if (this.size === 0) this.#idle?.();
  }
}
