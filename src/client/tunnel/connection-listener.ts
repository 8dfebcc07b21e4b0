import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { type Pipe, type PipeAbort, tcpPipe } from "../../transport/index.js";
import { hoopErrorFrom } from "../../vocabulary/index.js";
import { type CarryEnd, carry } from "./carry.js";
import type { GatewayPort, Offer } from "./gateway-port.js";
import { type HeadStart, headStarts } from "./head-start.js";
import type { OwnerSource } from "./owner/peer-owner.js";
import { refusals } from "./refusal/index.js";
import { refuse } from "./refuse.js";

/** A gateway that is being reached may be waited for this long; longer, and a clear refusal is better. */
const reachMs = 3_000;

/** What every listener of a tunnel shares. */
export interface ListenerContext {
  readonly gateway: GatewayPort;
  /** Null: this system does not tell who connects. */
  readonly owners: OwnerSource | null;
  /** The users whose programs may use the tunnel. */
  readonly allowedUids: ReadonlySet<number>;
  /** Connections carried at once, over all listeners. */
  readonly lanes: { count: number; readonly max: number };
  log(level: "info" | "warn", text: string): void;
}

/** Accepts for one connection, on its own loopback address. */
export class ConnectionListener {
  readonly offer: Offer;
  readonly address: string;
  /** Where it listens; another than the offer's port when that was taken. */
  readonly port: number;
  open = 0;
  /** At the connection's other ports; they end with this one. */
  readonly more: ConnectionListener[] = [];
  readonly #server: Server;
  readonly #context: ListenerContext;
  readonly #sockets = new Set<Socket>();
  readonly #headStart: HeadStart | undefined;

  private constructor(offer: Offer, address: string, port: number, server: Server, context: ListenerContext) {
    this.offer = offer;
    this.address = address;
    this.port = port;
    this.#server = server;
    this.#context = context;
    this.#headStart = headStarts[offer.protocol]?.();
    server.on("connection", (socket) => void this.#accept(socket));
    // A failed accept (no descriptors left) costs that connection, not the listener.
    server.on("error", (error) => context.log("warn", `accepting for ${offer.name} failed: ${error.message}`));
  }

  /** Listens, or throws the system's error (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`). */
  static async listen(
    offer: Offer,
    address: string,
    port: number,
    context: ListenerContext,
  ): Promise<ConnectionListener> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
    server.listen({ host: address, port, exclusive: true, backlog: 511 });
    await once(server, "listening");
    const bound = server.address();
    return new ConnectionListener(
      offer,
      address,
      typeof bound === "object" && bound ? bound.port : port,
      server,
      context,
    );
  }

  /** Accepts no more; what is carried goes on, since the gateway alone decides about that. */
  stop(): void {
    this.#server.close();
    for (const listener of this.more) listener.stop();
  }

  /** Ends everything that is carried. */
  destroy(): void {
    this.stop();
    for (const socket of this.#sockets) socket.destroy();
    for (const listener of this.more) listener.destroy();
  }

  async #accept(socket: Socket): Promise<void> {
    const { gateway, lanes } = this.#context;
    const { name, protocol } = this.offer;
    this.#sockets.add(socket);
    lanes.count++;
    this.open++;
    let counted = true;
    const over = () => {
      if (!counted) return;
      counted = false;
      lanes.count--;
      this.open--;
      this.#sockets.delete(socket);
    };
    // Until the pipe has it, an error of the socket must not end the process.
    socket.on("error", () => {});
    socket.once("close", over);
    const stranger = await this.#stranger(socket);
    if (socket.destroyed) return;
    const pipe = tcpPipe(socket, `client of ${name}`);
    const refuseWith = (why: PipeAbort) => pipe.start(refuse(pipe, why, refusals[protocol], [], () => {}));
    if (stranger) {
      this.#context.log("warn", `refused a connection to ${name}: ${stranger}`);
      return refuseWith({ code: "denied", text: `hoop tunnel: ${stranger}` });
    }
    if (lanes.count > lanes.max) {
      return refuseWith({ code: "limited", text: `hoop tunnel: ${lanes.max} connections are open already` });
    }
    const state = gateway.state.kind === "connected" ? gateway.state : await gateway.reach(reachMs);
    if (state.kind !== "connected") {
      const what = state.kind === "refused" ? "refuses this login" : "cannot be reached";
      const text = `hoop tunnel: the gateway ${gateway.url} ${what}${state.why ? `: ${state.why}` : ""}`;
      const code = state.kind === "refused" ? "denied" : "unavailable";
      return refuseWith({ code, text: state.hint ? `${text} (${state.hint})` : text });
    }
    let lane: Pipe;
    try {
      lane = await gateway.open(name);
    } catch (error) {
      const { message, hint } = hoopErrorFrom(error, "the lane could not be opened");
      return refuseWith({ code: "unavailable", text: `hoop tunnel: ${message}${hint ? ` (${hint})` : ""}` });
    }
    const ended = (end: CarryEnd) => {
      if (end && end.code !== "cancelled") this.#context.log("info", `a connection to ${name} ended: ${end.text}`);
    };
    carry(pipe, lane, refusals[protocol], ended, this.#headStart);
  }

  /** Why the one who connects may not; null: it is a user of this tunnel. */
  async #stranger(socket: Socket): Promise<string | null> {
    const { owners, allowedUids } = this.#context;
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined) return "the client is gone";
    if (!owners) return null;
    const uid = await owners.ownerOf({
      clientAddress: remoteAddress,
      clientPort: remotePort,
      address: this.address,
      ports: this.port === this.offer.port ? [this.port] : [this.port, this.offer.port],
    });
    if (uid === null) return "the user who connects could not be told";
    return allowedUids.has(uid) ? null : `this tunnel belongs to another user of this machine (you are user ${uid})`;
  }
}
