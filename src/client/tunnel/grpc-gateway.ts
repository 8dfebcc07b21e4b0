import {
  createGatewayLink,
  type GatewayLink,
  type GrpcError,
  type GrpcSession,
  grpcStatus,
  openLane,
  type WatchResponse,
  watchConnections,
} from "../../transport/grpc/index.js";
import { abortFrom, type Pipe } from "../../transport/index.js";
import { HoopError, hoopErrorFrom } from "../../vocabulary/index.js";
import type { TokenSource } from "../profile/token-source.js";
import type { GatewayListener, GatewayPort, GatewayState } from "./gateway-port.js";

export interface GrpcGatewayOptions {
  /** Where lanes go: `https://host:port`. */
  readonly url: string;
  /** PEM of the authority to trust; undefined: the system's. */
  readonly ca?: string | undefined;
  readonly tokens: TokenSource;
  readonly version: string;
  readonly allowPlaintext?: boolean | undefined;
}

/** A login that ended is looked for again this often: somebody may have logged in meanwhile. */
const lookAgainMs = 3_000;
/** A watch that the gateway ended without losing the connection is asked for again after this long. */
const watchAgainMs = 1_000;
/** The login is kept alive also while nobody connects. */
const keepAliveMs = 30_000;

/** A person sits before it: a gateway that is back must not be waited for half a minute. */
const backoff = { minMs: 200, maxMs: 4_000 };

/** The way to a gateway over gRPC. */
export function createGrpcGateway(options: GrpcGatewayOptions): GatewayPort {
  return new GrpcGateway(options);
}

class GrpcGateway implements GatewayPort {
  readonly url: string;
  readonly #options: GrpcGatewayOptions;
  readonly #waiting = new Set<() => void>();
  #state: GatewayState = { kind: "connecting", since: new Date() };
  #listener: GatewayListener | null = null;
  #link: GatewayLink | null = null;
  #stopWatch: (() => void) | null = null;
  #again: NodeJS.Timeout | null = null;
  #keepAlive: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: GrpcGatewayOptions) {
    this.#options = options;
    this.url = options.url;
  }

  get state(): GatewayState {
    return this.#state;
  }

  start(listener: GatewayListener): void {
    const { url, ca, version, allowPlaintext } = this.#options;
    this.#listener = listener;
    this.#link = createGatewayLink({
      url,
      userAgent: `hoop-tunnel/${version}`,
      tls: () => ({ ca }),
      allowPlaintext,
      backoff,
    });
    this.#link.watch((event) => {
      if (event.kind === "up") void this.#watch(event.session);
      else if (event.kind === "failed") this.#become("connecting", event.error.message);
      else this.#become("connecting", event.reason?.text ?? "the gateway is going down; looking for another");
    });
    let last = Date.now();
    this.#keepAlive = setInterval(() => {
      // The clock jumped: the machine slept, and the connection is most likely dead without knowing it.
      if (Date.now() - last > 2 * keepAliveMs) this.#link?.renew();
      last = Date.now();
      void this.#options.tokens.token().catch((error) => this.#loginFailed(hoopErrorFrom(error)));
    }, keepAliveMs);
  }

  async open(connection: string): Promise<Pipe> {
    const session = this.#link?.session;
    if (!session) throw new HoopError("unavailable", "the gateway was lost just now");
    const token = await this.#options.tokens.token();
    try {
      return openLane(session, { connection, token });
    } catch (error) {
      const { code, text } = abortFrom(error);
      throw new HoopError(code, text, { cause: error });
    }
  }

  reach(waitMs: number): Promise<GatewayState> {
    if (this.#state.kind !== "connecting" || this.#closed) return Promise.resolve(this.#state);
    this.#link?.retryNow();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve(this.#state);
      };
      const timer = setTimeout(done, waitMs);
      this.#waiting.add(done);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#keepAlive) clearInterval(this.#keepAlive);
    if (this.#again) clearTimeout(this.#again);
    this.#stopWatch?.();
    this.#link?.close();
    this.#wake();
  }

  /** Asks for the list on a connection, again and again while that connection is the one. */
  async #watch(session: GrpcSession): Promise<void> {
    if (this.#closed || this.#link?.session !== session) return;
    let token: string;
    try {
      token = await this.#options.tokens.token();
    } catch (error) {
      return this.#loginFailed(hoopErrorFrom(error), session);
    }
    if (this.#closed || this.#link?.session !== session) return;
    try {
      this.#stopWatch = watchConnections(session, {
        token,
        version: this.#options.version,
        sink: {
          message: (list) => this.#heard(list),
          closed: (error) => void this.#watchOver(session, error, token),
        },
      });
    } catch {
      // The connection was lost in this very moment; the link makes another.
    }
  }

  #heard({ connections, subject, authority, sshHostKey }: WatchResponse): void {
    this.#become("connected");
    this.#listener?.offers({
      subject,
      authority,
      sshHostKey,
      offers: connections.map(({ name, protocol, port, labels, example, morePorts, profile }) => ({
        ...{ name, protocol, port, labels, example, profile },
        morePorts: morePorts.filter((more) => more > 0 && more < 65_536 && more !== port).slice(0, 4),
      })),
    });
  }

  async #watchOver(session: GrpcSession, error: GrpcError | null, token: string): Promise<void> {
    if (this.#closed || this.#link?.session !== session) return;
    if (error?.status === grpcStatus.unauthenticated) {
      try {
        if ((await this.#options.tokens.renew(token)) === null)
          throw new HoopError("unauthenticated", error.message, { hint: "hoop login" });
      } catch (failure) {
        const { code, hint } = hoopErrorFrom(failure);
        // Why it was refused says more than that it cannot be renewed.
        const refused = code === "unauthenticated" || code === "denied";
        return this.#loginFailed(
          refused ? new HoopError(code, error.message, { hint }) : hoopErrorFrom(failure),
          session,
        );
      }
      return this.#watch(session);
    }
    this.#become("connecting", error?.message ?? "the gateway ended the list of connections");
    this.#later(watchAgainMs, session);
  }

  #loginFailed(error: HoopError, session: GrpcSession | null = this.#link?.session ?? null): void {
    if (this.#closed) return;
    // A gateway that cannot be reached to renew is no refusal.
    if (error.code !== "unauthenticated" && error.code !== "denied") {
      this.#become("connecting", error.message, error.hint);
    } else this.#become("refused", error.message, error.hint ?? "hoop login");
    if (session) this.#later(lookAgainMs, session);
  }

  #later(ms: number, session: GrpcSession): void {
    if (this.#again) clearTimeout(this.#again);
    this.#again = setTimeout(() => void this.#watch(session), ms);
  }

  #become(kind: GatewayState["kind"], why?: string, hint?: string): void {
    const changed = this.#state.kind !== kind || this.#state.why !== why;
    if (!changed || this.#closed) return;
    this.#state = { kind, since: this.#state.kind === kind ? this.#state.since : new Date(), why, hint };
    this.#listener?.state(this.#state);
    if (kind !== "connecting") this.#wake();
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}
