import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { MalformedError } from "../../wire/index.js";
import type { PipeAbort } from "../pipe.js";
import { PipeBase } from "../pipe-base.js";
import { abortOf, type CallOutcome, type CallOwner, type CallStream } from "./call-stream.js";
import type { ClientCall } from "./client-call.js";
import { flushSoon } from "./flush.js";
import { FrameDecoder } from "./frame-decoder.js";
import { endFrame, maxFrameHeader, writeFrameHeader } from "./frame-encoder.js";
import { AbortSchema } from "./gen/hoop/v1/frame_pb.js";
import type { ServerCall } from "./server-call.js";
import { abortCodeFrom, resetCodeFrom, statusFrom } from "./status.js";

/** Bytes that may wait here and in HTTP/2 before `write` answers false. */
const highWater = 256 * 1024;
/** Chunks up to this size are copied together, bigger ones are sent by reference. */
const copyUpTo = 8 * 1024;
/** The longest message that we send: foreign peers refuse more than 4 MiB. */
const maxPayload = 1024 * 1024;

/**
 * A lane: a pipe over one gRPC call whose messages are `Frame`s. What one callback of the loop writes leaves as one
 * message. Neither end closes its half of the HTTP/2 stream before both have said `end`, so that each can still say why
 * it gives up.
 */
abstract class LanePipe extends PipeBase implements CallOwner {
  protected readonly call: CallStream;
  readonly #decoder: FrameDecoder;
  #queue: Uint8Array[] = [];
  #queued = 0;
  #dirty = false;
  #blocked = false;
  #endDue = false;
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
    return this.#queued + this.call.unsent;
  }

  // PipeBase asks

  protected override transmit(chunk: Uint8Array): boolean {
    this.#queue.push(chunk);
    this.#queued += chunk.length;
    this.#soon();
    return this.#queued + this.call.unsent <= highWater;
  }

  /** Not before the loop's turn is over: a peer that gives up may end its stream and reset it in one packet. */
  protected override transmitEnd(): void {
    setImmediate(() => {
      this.#endDue = true;
      this.flush();
    });
  }

  protected override transmitAbort(reason: PipeAbort): void {
    this.#queue = [];
    this.#queued = 0;
    this.refuse(reason);
  }

  protected override stopReading(): void {
    this.call.hold();
  }

  protected override startReading(): void {
    this.call.read();
  }

  // the call tells

  data(chunk: Buffer): void {
    try {
      this.#decoder.push(chunk);
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
    this.#blocked = false;
    this.flush();
  }

  over(outcome: CallOutcome | null): void {
    this.#queue = [];
    this.#queued = 0;
    if (outcome !== null) this.settle(abortOf(outcome));
    else if (this.ended) this.settle(null);
    else this.settle({ code: "unavailable", text: "the other side ended the call while bytes were still to be sent" });
  }

  /** Sends what is queued, unless HTTP/2 is backed up. */
  flush(): void {
    this.#dirty = false;
    if (this.#blocked || this.settled) return;
    if (this.#queued > 0 || (this.#endDue && !this.#endSent)) {
      const queue = this.#queue;
      this.#queue = [];
      this.#queued = 0;
      const chunks = encodeFrames(queue);
      if (this.#endDue && !this.#endSent) {
        this.#endSent = true;
        chunks.push(endFrame);
      }
      this.#blocked = !this.call.send(chunks);
    }
    if (!this.#blocked) this.writable();
    this.#maybeComplete();
  }

  #soon(): void {
    if (this.#dirty) return;
    this.#dirty = true;
    flushSoon(this);
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
    call.leave(abortFrame(message), code);
  }
}

export function serverLane(call: ServerCall, label: string): LanePipe {
  return new ServerLane(call, label);
}

export function clientLane(call: ClientCall, label: string): LanePipe {
  return new ClientLane(call, label);
}

/** As few buffers as can be: small chunks copied together, one message for all that fits into one. */
function encodeFrames(queue: readonly Uint8Array[]): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let at = 0; at < queue.length; ) {
    const first = queue[at]!;
    if (first.length > maxPayload) {
      for (let from = 0; from < first.length; from += maxPayload) {
        encodeFrame(out, [first.subarray(from, from + maxPayload)], 0, 1);
      }
      at++;
      continue;
    }
    let total = 0;
    let to = at;
    while (to < queue.length && total + queue[to]!.length <= maxPayload) total += queue[to++]!.length;
    encodeFrame(out, queue, at, to);
    at = to;
  }
  return out;
}

function encodeFrame(out: Uint8Array[], queue: readonly Uint8Array[], from: number, to: number): void {
  let total = 0;
  let copied = 0;
  for (let i = from; i < to; i++) {
    const { length } = queue[i]!;
    total += length;
    if (length <= copyUpTo) copied += length;
  }
  const arena = Buffer.allocUnsafe(maxFrameHeader + copied);
  let start = 0;
  let at = writeFrameHeader(arena, 0, total);
  for (let i = from; i < to; i++) {
    const chunk = queue[i]!;
    if (chunk.length <= copyUpTo) {
      arena.set(chunk, at);
      at += chunk.length;
    } else {
      if (at > start) out.push(arena.subarray(start, at));
      start = at;
      out.push(chunk);
    }
  }
  if (at > start) out.push(arena.subarray(start, at));
}

function abortFrame(message: Uint8Array): Buffer {
  const field = Buffer.alloc(3);
  // A reason is at most 2 KB of text: two bytes of varint, always written as two.
  field[0] = 0x1a;
  field[1] = (message.length & 0x7f) | 0x80;
  field[2] = message.length >>> 7;
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(field.length + message.length, 1);
  return Buffer.concat([prefix, field, message]);
}

export type { LanePipe };
