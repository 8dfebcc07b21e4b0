import type { Pipe, PipeAbort, PipeSink } from "./pipe.js";

/** Bytes that a pipe accepts beyond every `false` that it answered, before it gives up on a writer that never waits. */
export const maxUnsentBytes = 64 * 1024 * 1024;

/**
 * What all pipes have in common: the order of calls to the sink, holding bytes while paused, exactly one `closed`.
 * A transport implements the five hooks and reports with `arrived`, `peerEnded`, `writable` and `settle`, none of
 * which it may call from inside a hook.
 */
export abstract class PipeBase implements Pipe {
  readonly label: string;
  bytesIn = 0;
  bytesOut = 0;
  #sink: PipeSink | null = null;
  #paused = true;
  /** Whether the owner paused; `#paused` is also true before `start`. */
  #ownerPaused = false;
  #held: Buffer[] = [];
  #pumping = false;
  #scheduled = false;
  #peerEnd: "no" | "held" | "told" = "no";
  #wantsDrain = false;
  #ended = false;
  #outcome: { readonly abort: PipeAbort | null } | null = null;
  #closed = false;

  constructor(label: string) {
    this.label = label;
  }

  abstract get buffered(): number;
  /** Sends; false: backed up, `writable` will be called. */
  protected abstract transmit(chunk: Uint8Array): boolean;
  protected abstract transmitEnd(): void;
  /** Tears the transport down and tells the peer why where it can. */
  protected abstract transmitAbort(reason: PipeAbort): void;
  protected abstract stopReading(): void;
  protected abstract startReading(): void;

  protected get ended(): boolean {
    return this.#ended;
  }

  protected get settled(): boolean {
    return this.#outcome !== null;
  }

  protected get paused(): boolean {
    return this.#paused;
  }

  /** Whether bytes that arrived still wait for the owner. */
  protected get holding(): boolean {
    return this.#held.length > 0;
  }

  start(sink: PipeSink): void {
    if (this.#sink !== null) throw new Error(`pipe ${this.label} was started twice`);
    this.#sink = sink;
    if (!this.#ownerPaused) this.#go();
    else if (this.#outcome?.abort) this.#schedule();
  }

  write(chunk: Uint8Array): boolean {
    if (this.#ended || this.#outcome !== null || chunk.length === 0) return !this.#wantsDrain;
    this.bytesOut += chunk.length;
    if (this.transmit(chunk)) return true;
    this.#wantsDrain = true;
    if (this.buffered > maxUnsentBytes) {
      this.abort({ code: "limited", text: `${maxUnsentBytes} bytes wait for a reader that does not read` });
    }
    return false;
  }

  end(): void {
    if (this.#ended || this.#outcome !== null) return;
    this.#ended = true;
    this.#wantsDrain = false;
    this.transmitEnd();
  }

  abort(reason: PipeAbort): void {
    if (this.#outcome !== null) {
      // An orderly end that the owner never came to take: it will not now.
      if (!this.#closed && this.#outcome.abort === null) this.#fail(reason);
      return;
    }
    this.#fail(reason);
    this.transmitAbort(reason);
  }

  pause(): void {
    this.#ownerPaused = true;
    if (this.#paused) return;
    this.#paused = true;
    if (this.#outcome === null) this.stopReading();
  }

  resume(): void {
    if (!this.#ownerPaused) return;
    this.#ownerPaused = false;
    if (this.#sink !== null) this.#go();
  }

  protected arrived(chunk: Buffer): void {
    if (this.#outcome?.abort || chunk.length === 0) return;
    this.bytesIn += chunk.length;
    if (this.#paused || this.#held.length > 0 || this.#pumping) this.#held.push(chunk);
    else this.#sink!.data(chunk);
  }

  protected peerEnded(): void {
    if (this.#peerEnd !== "no" || this.#outcome?.abort) return;
    this.#peerEnd = "held";
    this.#pump();
  }

  protected writable(): void {
    if (!this.#wantsDrain || this.#outcome !== null) return;
    this.#wantsDrain = false;
    this.#sink?.drain();
  }

  /** Both directions are over. `null` is told after all that arrived was delivered, a failure at once. */
  protected settle(abort: PipeAbort | null): void {
    if (this.#outcome !== null) return;
    this.#outcome = { abort };
    if (abort !== null) this.#held = [];
    this.#pump();
  }

  /** The owner's own abort: told later, so that nothing is called from inside the owner's call. */
  #fail(reason: PipeAbort): void {
    this.#outcome = { abort: reason };
    this.#held = [];
    this.#schedule();
  }

  #go(): void {
    this.#paused = false;
    if (this.#held.length > 0 || this.#peerEnd === "held" || this.#outcome !== null) this.#schedule();
    else this.startReading();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    process.nextTick(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    const sink = this.#sink;
    if (sink === null || this.#pumping || this.#closed) return;
    this.#pumping = true;
    try {
      let at = 0;
      const held = this.#held;
      while (at < held.length && !this.#paused && !this.#outcome?.abort) sink.data(held[at++]!);
      // An abort inside of `data` replaced the list.
      if (this.#held === held && at > 0) this.#held = at === held.length ? [] : held.slice(at);
      const open = !this.#paused && !this.#outcome?.abort && this.#held.length === 0;
      if (open && this.#peerEnd === "held") {
        this.#peerEnd = "told";
        sink.end();
      }
    } finally {
      this.#pumping = false;
    }
    if (this.#held.length > 0 && !this.#paused && this.#outcome?.abort == null) {
      this.#schedule();
      return;
    }
    if (this.#outcome !== null) {
      if (this.#outcome.abort === null && (this.#held.length > 0 || this.#peerEnd === "held")) return;
      this.#closed = true;
      sink.closed(this.#outcome.abort);
    } else if (!this.#paused && this.#peerEnd === "no") this.startReading();
  }
}

/** The same bytes as a Buffer, without a copy. */
export function bufferFrom(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
