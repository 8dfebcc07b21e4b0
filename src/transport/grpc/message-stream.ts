import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { abortFrom } from "../error.js";
import type { CallOutcome, CallOwner } from "./call-stream.js";
import { ClientCall } from "./client-call.js";
import { MessageDecoder } from "./message-decoder.js";
import type { ServerCall } from "./server-call.js";
import { GrpcError, grpcStatus, resetCodeFrom, statusFrom } from "./status.js";

/** Bytes of messages that may wait for a peer that does not read. */
const maxUnsent = 4 * 1024 * 1024;

/** Not compressed, and the length: written anew for each message, since it is copied at once. */
const prefix = Buffer.alloc(5);

/** What a stream of messages tells. */
export interface MessageSink<In> {
  message(message: In): void;
  /** The peer sends no more; a serving side may still answer. */
  ended?(): void;
  /** The last call; null: ended in order. */
  closed(error: GrpcError | null): void;
}

/** One call whose messages are protobuf: control, watching, one question and its answer. */
export interface MessageStream<In, Out> {
  /** Exactly once. */
  start(sink: MessageSink<In>): void;
  send(message: Out): void;
  /** Caller: no more messages. Server: the call ends in order. */
  end(): void;
  /** The call is over now; the sink is told too. The status reaches a caller. */
  fail(error: GrpcError): void;
}

/** Either end of such a call; control traffic is small, so a peer that does not read is cut off and never waited for. */
export class GrpcMessageStream<I extends DescMessage, O extends DescMessage>
  implements MessageStream<MessageShape<I>, MessageInitShape<O>>, CallOwner
{
  readonly #call: ServerCall | ClientCall;
  readonly #input: I;
  readonly #output: O;
  readonly #decoder: MessageDecoder;
  #sink: MessageSink<MessageShape<I>> | null = null;
  #outcome: { readonly error: GrpcError | null } | null = null;
  #ended = false;

  /** `maxBytes`: of one message that comes in. */
  constructor(call: ServerCall | ClientCall, input: I, output: O, maxBytes?: number) {
    this.#call = call;
    this.#input = input;
    this.#output = output;
    this.#decoder = new MessageDecoder((bytes) => this.#message(bytes), maxBytes);
    call.attach(this);
  }

  start(sink: MessageSink<MessageShape<I>>): void {
    this.#sink = sink;
    const outcome = this.#outcome;
    if (outcome !== null) process.nextTick(() => sink.closed(outcome.error));
    else this.#call.read();
  }

  send(message: MessageInitShape<O>): void {
    if (this.#outcome !== null || this.#ended) return;
    const bytes = toBinary(this.#output, create(this.#output, message));
    prefix.writeUInt32BE(bytes.length, 1);
    this.#call.send(prefix, prefix.length, bytes);
    if (this.#call.unsent > maxUnsent) {
      this.fail(new GrpcError(grpcStatus.resourceExhausted, "the other side does not read its messages"));
    }
  }

  end(): void {
    if (this.#outcome !== null || this.#ended) return;
    this.#ended = true;
    this.#call.finish();
  }

  fail(error: GrpcError): void {
    if (this.#outcome !== null) return;
    this.#outcome = { error };
    if (this.#call instanceof ClientCall) this.#call.cancel(resetCodeFrom(error.code));
    else this.#call.fail(error.status, error.message);
    process.nextTick(() => this.#sink?.closed(error));
  }

  data(chunk: Buffer, from: number, to: number): void {
    if (this.#outcome !== null) return;
    try {
      this.#decoder.push(chunk.subarray(from, to));
    } catch (error) {
      this.#broken(error);
    }
  }

  halfClosed(): void {
    if (this.#outcome !== null) return;
    if (this.#decoder.partial)
      this.#broken(new GrpcError(grpcStatus.invalidArgument, "the stream ended inside a message"));
    else this.#sink?.ended?.();
  }

  drained(): void {}

  over(outcome: CallOutcome | null): void {
    if (this.#outcome !== null) return;
    const error =
      outcome === null ? null : new GrpcError(outcome.status, outcome.text || "the other side gave no reason");
    this.#outcome = { error };
    this.#sink?.closed(error);
  }

  #message(bytes: Buffer): void {
    if (this.#outcome !== null) return;
    let message: MessageShape<I>;
    try {
      // A copy: bytes fields are views, and a small message must not keep a whole read alive.
      message = fromBinary(this.#input, new Uint8Array(bytes));
    } catch (cause) {
      throw new GrpcError(grpcStatus.invalidArgument, `this is not a ${this.#input.typeName}`, { cause });
    }
    this.#sink?.message(message);
  }

  #broken(error: unknown): void {
    if (error instanceof GrpcError) {
      this.fail(error);
      return;
    }
    const abort = abortFrom(error, "a message could not be handled");
    this.fail(new GrpcError(statusFrom(abort), abort.text, { cause: error }));
  }
}
