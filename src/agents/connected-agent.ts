import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ControlRequest, ControlResponseSchema } from "../transport/grpc/gen/hoop/v1/agent_pb.js";
import { DialFailure } from "../transport/grpc/gen/hoop/v1/agent_pb.js";
import { GrpcError, grpcStatus, type MessageStream } from "../transport/grpc/index.js";
import type { Pipe } from "../transport/pipe.js";
import { type AgentId, HoopError } from "../vocabulary/index.js";
import type { DialOrders } from "./dial-orders.js";

export type ControlStream = MessageStream<ControlRequest, MessageInitShape<typeof ControlResponseSchema>>;

export interface AgentWho {
  readonly id: AgentId;
  readonly name: string;
  readonly fingerprint: string;
  readonly address: string;
}

/** One control stream: an agent's process that can be asked to dial. */
export class ConnectedAgent {
  readonly who: AgentWho;
  readonly version: string;
  readonly allows: readonly string[];
  readonly connectedAt: Date;
  draining = false;
  /** Lanes that came over this agent's orders and are open. */
  readonly lanes = new Set<Pipe>();
  readonly #stream: ControlStream;
  readonly #orders: DialOrders<ConnectedAgent>;
  readonly #open = new Set<string>();
  #gone = false;

  constructor(
    who: AgentWho,
    hello: { readonly version: string; readonly allows: readonly string[] },
    stream: ControlStream,
    orders: DialOrders<ConnectedAgent>,
    connectedAt: Date,
  ) {
    this.who = who;
    this.version = printable(hello.version, 64);
    this.allows = hello.allows.slice(0, 200).map((line) => printable(line, 200));
    this.connectedAt = connectedAt;
    this.#stream = stream;
    this.#orders = orders;
  }

  /** Throws HoopError; `unavailable` when this process is gone before it answered. */
  async dial(host: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<Pipe> {
    const where = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    const { nonce, lane } = this.#orders.open({
      agent: this,
      signal,
      timeoutMs,
      what: `dialling ${where} through agent ${this.who.name}`,
      withdrawn: (withdrawn) => {
        this.#stream.send({ message: { case: "dialWithdrawn", value: { nonce: withdrawn } } });
      },
    });
    this.#open.add(nonce);
    this.#stream.send({ message: { case: "dialOrder", value: { nonce, host, port, timeoutMs } } });
    try {
      return await lane;
    } catch (error) {
      if (error instanceof DialRefused) throw error.on(this.who.name, where);
      throw error;
    } finally {
      this.#open.delete(nonce);
    }
  }

  dialFailed(nonce: string, failure: DialFailure, text: string): void {
    this.#orders.fail(nonce, this.who.fingerprint, new DialRefused(failure, printable(text, 300)));
  }

  tellDraining(reason: string): void {
    this.#stream.send({ message: { case: "draining", value: { reason } } });
  }

  beat(sequence: bigint): void {
    this.#stream.send({ message: { case: "heartbeat", value: { sequence } } });
  }

  get isGone(): boolean {
    return this.#gone;
  }

  /** Its control stream is over: what it was asked will not be answered. Open lanes go on. */
  gone(): void {
    this.#gone = true;
    const lost = new HoopError("unavailable", `agent ${this.who.name} was lost while it dialled`);
    for (const nonce of [...this.#open]) this.#orders.fail(nonce, this.who.fingerprint, lost);
  }

  /** Its right to be here is over: its lanes are too. */
  expel(text: string): void {
    this.#stream.fail(new GrpcError(grpcStatus.permissionDenied, text));
    for (const lane of [...this.lanes]) lane.abort({ code: "denied", text });
  }

  end(status: number, text: string): void {
    this.#stream.fail(new GrpcError(status, text));
  }
}

/** The agent's own no, before it is put into words. */
class DialRefused extends HoopError {
  readonly #failure: DialFailure;
  readonly #said: string;

  constructor(failure: DialFailure, said: string) {
    super("unavailable", said);
    this.#failure = failure;
    this.#said = said;
  }

  on(agent: string, where: string): HoopError {
    const because = this.#said === "" ? "" : `: ${this.#said}`;
    switch (this.#failure) {
      case DialFailure.NOT_ALLOWED:
        return new HoopError("denied", `agent ${agent} is not allowed to dial ${where}${because}`, {
          hint: "the agent's --allow decides what it may dial",
        });
      case DialFailure.NOT_RESOLVED:
        return new HoopError("unavailable", `agent ${agent} cannot resolve the name of ${where}${because}`);
      case DialFailure.TIMEOUT:
        return new HoopError("timeout", `${where} did not answer agent ${agent}${because}`);
      case DialFailure.LIMIT:
        return new HoopError("unavailable", `agent ${agent} carries as many lanes as it may${because}`);
      default:
        return new HoopError("unavailable", `agent ${agent} cannot reach ${where}${because}`);
    }
  }
}

/** What an agent says is shown to people and logged: one line, no control characters, not too long. */
export function printable(text: string, max: number): string {
  return text.slice(0, max).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, " ");
}
