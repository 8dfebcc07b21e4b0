import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { MalformedError } from "../../wire/index.js";
import type { PipeAbort } from "../pipe.js";
import { PipeBase } from "../pipe-base.js";
import { abortOf, type CallOutcome, type CallOwner, type CallStream } from "./call-stream.js";
import type { ClientCall } from "./client-call.js";
import { FrameDecoder } from "./frame-decoder.js";
import { endFrame, maxFrameHeader, writeFrameHeader } from "./frame-encoder.js";
import { AbortSchema } from "./gen/hoop/v1/frame_pb.js";
import type { ServerCall } from "./server-call.js";
import { abortCodeFrom, resetCodeFrom, statusFrom } from "./status.js";

/** The longest message that we send: foreign peers refuse more than 4 MiB. */
const maxPayload = 1024 * 1024;

/** What stands before a payload, written anew for each message: it is copied at once. */
const prefix = Buffer.alloc(maxFrameHeader);

/**
 * A lane: a pipe over one gRPC call whose messages are `Frame`s, one for each write. What a turn of the loop brings of
 * them leaves together. Neither end closes its half of the HTTP/2 stream before both have said `end`, so that each can still say why
 * it gives up.
 */
abstract class LanePipe extends PipeBase implements CallOwner {
  protected readonly call: CallStream;
  readonly #decoder: FrameDecoder;
  #endSent = false;
  #peerDone = false;

  constructor(call: CallStream, label: string) {
    super(label);
    this.call = call;
    this.#decoder = new FrameDecoder({
      data: (chunk) => this.arrived(chunk),
      end: () => this.#peerSaidEnd(),
      abort: (message) => this.#peerSaidAbort(message),
    });
    call.attach(this);
  }

  protected abstract completed(): void;
  protected abstract refuse(abort: PipeAbort): void;

  get buffered(): number {
    return this.call.unsent;
  }

  // PipeBase asks

  protected override transmit(chunk: Uint8Array): boolean {
    if (chunk.length <= maxPayload) {
      return this.call.send(prefix, writeFrameHeader(prefix, 0, chunk.length), chunk);
    }
    let more = true;
    for (let from = 0; from < chunk.length; from += maxPayload) {
      const part = chunk.subarray(from, from + maxPayload);
      more = this.call.send(prefix, writeFrameHeader(prefix, 0, part.length), part);
    }
    return more;
  }

  /** Not before the loop's turn is over: a peer that gives up may end its stream and reset it in one packet. */
  protected override transmitEnd(): void {
    setImmediate(() => {
      if (this.settled) return;
      this.#endSent = true;
      this.call.send(endFrame, endFrame.length, nothing);
      this.#maybeComplete();
    });
  }

  protected override transmitAbort(reason: PipeAbort): void {
    this.refuse(reason);
  }

  protected override stopReading(): void {
    this.call.hold();
  }

  protected override startReading(): void {
    this.call.read();
  }

  // the call tells

  data(chunk: Buffer, from: number, to: number): void {
    try {
      this.#decoder.push(chunk, from, to);
    } catch (error) {
      this.#malformed(error);
    }
  }

  halfClosed(): void {
    try {
      this.#decoder.finish();
    } catch (error) {
      this.#malformed(error);
      return;
    }
    // A foreign peer closes its half instead of saying `end`.
    this.#peerSaidEnd();
  }

  drained(): void {
    this.writable();
  }

  over(outcome: CallOutcome | null): void {
    if (outcome !== null) this.settle(abortOf(outcome));
    else if (this.ended) this.settle(null);
    else this.settle({ code: "unavailable", text: "the other side ended the call while bytes were still to be sent" });
  }

  #peerSaidEnd(): void {
    if (this.#peerDone) return;
    this.#peerDone = true;
    this.peerEnded();
    this.#maybeComplete();
  }

  #peerSaidAbort(message: Buffer): void {
    let abort: PipeAbort = { code: "cancelled", text: "the other side gave up" };
    try {
      const { status, text } = fromBinary(AbortSchema, message);
      abort = { code: abortCodeFrom(status), text: text.slice(0, 1024) };
    } catch {
      // What it meant is clear, only the reason is lost.
    }
    this.settle(abort);
    this.refuse(abort);
  }

  #malformed(error: unknown): void {
    const text = error instanceof MalformedError ? error.message : "what the other side sent cannot be read";
    const abort: PipeAbort = { code: "malformed", text };
    this.settle(abort);
    this.refuse(abort);
    if (!(error instanceof MalformedError)) throw error;
  }

  #maybeComplete(): void {
    if (this.#peerDone && this.#endSent && !this.settled) this.completed();
  }
}

class ServerLane extends LanePipe {
  protected override startReading(): void {
    // The caller sees that its lane is open, even when the target says nothing.
    if (!this.settled) (this.call as ServerCall).open();
    super.startReading();
  }

  protected override completed(): void {
    (this.call as ServerCall).finish();
  }

  protected override refuse(abort: PipeAbort): void {
    (this.call as ServerCall).fail(statusFrom(abort), abort.text);
  }
}

class ClientLane extends LanePipe {
  /** The server answers with its status, which settles. */
  protected override completed(): void {
    (this.call as ClientCall).finish();
  }

  protected override refuse(abort: PipeAbort): void {
    const call = this.call as ClientCall;
    const code = resetCodeFrom(abort.code);
    // Behind a closed window the reason would wait with the rest: the reset does not.
    if (call.unsent > 0) {
      call.cancel(code);
      return;
    }
    const message = toBinary(AbortSchema, create(AbortSchema, { status: statusFrom(abort), text: abort.text }));
    call.leave(abortPrefix(message.length), message, code);
  }
}

export function serverLane(call: ServerCall, label: string): LanePipe {
  return new ServerLane(call, label);
}

export function clientLane(call: ClientCall, label: string): LanePipe {
  return new ClientLane(call, label);
}

const nothing = new Uint8Array(0);

/** `Frame { abort }` without the message. */
function abortPrefix(length: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeUInt32BE(3 + length, 1);
  out[5] = 0x1a; // field 3, length-delimited
  // A reason is at most 2 KB of text: two bytes of varint, always written as two.
  out[6] = (length & 0x7f) | 0x80;
  out[7] = length >>> 7;
  return out;
}

export type { LanePipe };
