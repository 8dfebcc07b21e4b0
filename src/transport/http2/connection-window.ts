import { defaultWindow, errorCode } from "./constants.js";
import { Http2Error } from "./error.js";
import { connectionWindow } from "./settings.js";

/**
 * What a peer may send on all of its streams. A stranger gets what HTTP/2 begins with, and more only for what was read: all
 * that it can make us hold is 64 KB. For the others bytes are allowed again as they come, so that a paused stream never takes
 * the way from those beside it; its own window bounds it.
 */
export class ConnectionWindow {
  readonly #send: (credit: number) => void;
  #size = defaultWindow;
  #left = defaultWindow;
  #owed = 0;
  #atReceipt = false;

  constructor(send: (credit: number) => void) {
    this.#send = send;
  }

  /** Throws Http2Error when the peer overruns it. */
  arrive(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) throw new Http2Error(errorCode.flowControlError, "more than the connection's window");
    if (this.#atReceipt) this.#owe(bytes);
  }

  /** Bytes that are held no longer. */
  taken(bytes: number): void {
    if (!this.#atReceipt) this.#owe(bytes);
  }

  raise(): void {
    if (this.#atReceipt) return;
    this.#atReceipt = true;
    this.#size = connectionWindow;
    this.#owed = 0;
    this.#grant(this.#size - this.#left);
  }

  #owe(bytes: number): void {
    this.#owed += bytes;
    if (this.#owed < Math.min(this.#size / 4, mega)) return;
    const credit = this.#owed;
    this.#owed = 0;
    this.#grant(credit);
  }

  #grant(credit: number): void {
    this.#left += credit;
    this.#send(credit);
  }
}

const mega = 1024 * 1024;
