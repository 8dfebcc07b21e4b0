import { TransportError } from "../error.js";
import { connectGrpc, type GrpcSession, type GrpcSessionOptions, type SessionEnd } from "./session.js";

export interface BackoffOptions {
  /** Milliseconds that the first wait is drawn from; doubles with each failure. */
  readonly minMs?: number | undefined;
  readonly maxMs?: number | undefined;
}

export interface GatewayLinkOptions extends Omit<GrpcSessionOptions, "signal" | "tls" | "prove"> {
  /** Asked before each attempt, so that a renewed certificate is used by the next one. */
  readonly tls?: (() => GrpcSessionOptions["tls"]) | undefined;
  /** Asked before each attempt, too: a connection keeps the identity that it was made with. */
  readonly prove?: (() => GrpcSessionOptions["prove"]) | undefined;
  readonly backoff?: BackoffOptions | undefined;
}

/** What a link tells, in order. */
export type LinkEvent =
  | { readonly kind: "up"; readonly session: GrpcSession }
  /** That connection takes no new calls; another one is being made. Its lanes go on while they can. */
  | { readonly kind: "down"; readonly session: GrpcSession; readonly reason: SessionEnd | null }
  | { readonly kind: "failed"; readonly error: TransportError; readonly retryMs: number };

/** How long a connection that was replaced still takes calls that were asked for on it. */
const handOverMs = 20_000;

/** A delay drawn from nought to the doubled bound: many peers that lost one gateway must not come back in step. */
export function fullJitter(
  attempt: number,
  { minMs = 200, maxMs = 30_000 }: BackoffOptions,
  random = Math.random,
): number {
  return Math.round(random() * Math.min(maxMs, minMs * 2 ** Math.min(attempt, 30)));
}

/**
 * One connection to the gateway, made again whenever it is lost, for agents and tunnels alike.
 *
 * @example
 * const link = createGatewayLink({ url: "https://hoop.example.com:8443", userAgent: "hoop-tunnel/1.0.0" });
 * link.watch((event) => log.info(event.kind));
 * const session = await link.ready(signal);
 * const pipe = openLane(session, { connection: "pg-prod", token });
 */
export interface GatewayLink {
  /** The connection that takes new calls; null while there is none. */
  readonly session: GrpcSession | null;
  /** Why there is none. */
  readonly lastError: TransportError | null;
  /** Waits for a connection. Throws TransportError `cancelled`. */
  ready(signal: AbortSignal): Promise<GrpcSession>;
  /** Told of events from now on. Returns the way to stop. */
  watch(listener: (event: LinkEvent) => void): () => void;
  /** Makes another connection, then leaves the present one to its open calls: after a new certificate. */
  renew(): void;
  /** Tries now instead of waiting out the back-off: the laptop woke up. */
  retryNow(): void;
  /** Ends the link for good. `drain`: open calls may finish. */
  close(how?: "cut" | "drain"): void;
}

export function createGatewayLink(options: GatewayLinkOptions): GatewayLink {
  const listeners = new Set<(event: LinkEvent) => void>();
  const stopped = new AbortController();
  /** Connections that have ended for new calls and still carry lanes. */
  const old = new Set<GrpcSession>();
  let current: GrpcSession | null = null;
  let lastError: TransportError | null = null;
  let attempt = 0;
  let retry: NodeJS.Timeout | null = null;
  let connecting = false;
  /** Another connection is wanted though there is one. */
  let replace = false;

  const tell = (event: LinkEvent) => {
    for (const listener of [...listeners]) listener(event);
  };

  function lost(session: GrpcSession, reason: SessionEnd | null): void {
    if (current !== session) return;
    current = null;
    tell({ kind: "down", session, reason });
    // A connection that lived is no failure, but a whole fleet may have lost the same gateway.
    schedule();
  }

  function schedule(): number {
    if (stopped.signal.aborted || connecting || retry !== null) return 0;
    const wait = fullJitter(attempt++, options.backoff ?? {});
    retry = setTimeout(() => {
      retry = null;
      void connect();
    }, wait);
    return wait;
  }

  async function connect(): Promise<void> {
    if (connecting || (current !== null && !replace) || stopped.signal.aborted) return;
    connecting = true;
    try {
      const session = await connectGrpc({
        ...options,
        tls: options.tls?.(),
        prove: options.prove?.(),
        signal: stopped.signal,
      });
      connecting = false;
      if (stopped.signal.aborted) return session.close();
      const former = current;
      current = session;
      replace = false;
      lastError = null;
      old.add(session);
      // Only a connection that stays up resets the back-off: a gateway that accepts and drops must not be hammered.
      const stable = setTimeout(() => {
        attempt = 0;
      }, 5_000);
      stable.unref();
      void session.drained.then(() => lost(session, null));
      void session.closed.then((end) => {
        clearTimeout(stable);
        old.delete(session);
        lost(session, end);
      });
      tell({ kind: "up", session });
      if (former !== null) {
        tell({ kind: "down", session: former, reason: null });
        setTimeout(() => former.drain(), handOverMs).unref();
      }
    } catch (thrown) {
      connecting = false;
      if (stopped.signal.aborted) return;
      lastError =
        thrown instanceof TransportError
          ? thrown
          : new TransportError("internal", "the gateway cannot be dialled", { cause: thrown });
      const retryMs = schedule();
      tell({ kind: "failed", error: lastError, retryMs });
    }
  }

  void connect();

  const link: GatewayLink = {
    get session() {
      return current?.usable ? current : null;
    },
    get lastError() {
      return lastError;
    },
    ready(signal) {
      const ready = link.session;
      if (ready !== null) return Promise.resolve(ready);
      return new Promise((resolve, reject) => {
        const any = AbortSignal.any([signal, stopped.signal]);
        const cancelled = () => {
          unwatch();
          const why = lastError === null ? "" : `: ${lastError.message}`;
          reject(new TransportError("cancelled", `no connection to the gateway${why}`));
        };
        const unwatch = link.watch((event) => {
          if (event.kind !== "up") return;
          unwatch();
          any.removeEventListener("abort", cancelled);
          resolve(event.session);
        });
        if (any.aborted) cancelled();
        else any.addEventListener("abort", cancelled, { once: true });
      });
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    renew() {
      replace = true;
      attempt = 0;
      link.retryNow();
      void connect();
    },
    retryNow() {
      if (retry === null) return;
      clearTimeout(retry);
      retry = null;
      attempt = 0;
      void connect();
    },
    close(how = "cut") {
      stopped.abort();
      if (retry !== null) clearTimeout(retry);
      retry = null;
      current = null;
      for (const session of old) {
        if (how === "drain") session.drain();
        else session.close();
      }
      listeners.clear();
    },
  };
  return link;
}
