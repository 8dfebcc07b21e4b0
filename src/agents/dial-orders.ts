import { randomBytes } from "node:crypto";
import type { Pipe } from "../transport/pipe.js";
import { HoopError } from "../vocabulary/index.js";

/** One dial that an agent was asked for and has not answered. */
interface Order<Agent> {
  readonly agent: Agent;
  readonly settle: (outcome: Pipe | HoopError) => void;
}

/** Whom orders go to. No other certificate may answer. */
interface Asked {
  readonly who: { readonly fingerprint: string };
}

/** The open dial orders of this replica, by nonce. A nonce is random, answered once, and by one certificate only. */
export class DialOrders<Agent extends Asked> {
  readonly #orders = new Map<string, Order<Agent>>();

  /** Resolves with the lane. Rejects with what `fail` gives, `timeout` or `cancelled`; `withdrawn` is called then. */
  open(options: {
    readonly agent: Agent;
    readonly signal: AbortSignal;
    readonly timeoutMs: number;
    readonly what: string;
    readonly withdrawn: (nonce: string) => void;
  }): { readonly nonce: string; readonly lane: Promise<Pipe> } {
    const { agent, signal, timeoutMs, what, withdrawn } = options;
    const nonce = randomBytes(32).toString("base64url");
    const lane = new Promise<Pipe>((resolve, reject) => {
      const settle = (outcome: Pipe | HoopError) => {
        this.#orders.delete(nonce);
        clearTimeout(timer);
        signal.removeEventListener("abort", cancelled);
        if (outcome instanceof HoopError) reject(outcome);
        else resolve(outcome);
      };
      const cancelled = () => {
        settle(new HoopError("cancelled", `${what} was cancelled`));
        withdrawn(nonce);
      };
      const timer = setTimeout(() => {
        settle(new HoopError("timeout", `${what} was not answered within ${timeoutMs} ms`));
        withdrawn(nonce);
      }, timeoutMs);
      this.#orders.set(nonce, { agent, settle });
      if (signal.aborted) cancelled();
      else signal.addEventListener("abort", cancelled, { once: true });
    });
    return { nonce, lane };
  }

  /** Gives the lane to whoever ordered it and answers the agent that was asked, or why the lane may not be had. */
  answer(nonce: string, fingerprint: string, pipe: Pipe): Agent | "unknown" | "foreign" {
    const order = this.#orders.get(nonce);
    if (order === undefined) return "unknown";
    if (order.agent.who.fingerprint !== fingerprint) return "foreign";
    order.settle(pipe);
    return order.agent;
  }

  /** Ends an order; only by the agent that was asked. */
  fail(nonce: string, fingerprint: string, error: HoopError): void {
    const order = this.#orders.get(nonce);
    if (order?.agent.who.fingerprint === fingerprint) order.settle(error);
  }
}
