import { HoopError } from "../../vocabulary/index.js";

/** Bytes of bodies that a gateway holds at one time because rules look at them, over all lanes. */
const most = 256 * 1024 * 1024;
let held = 0;

/** What one request holds of them. */
export class Buffered {
  #bytes = 0;

  /** Throws HoopError `limited`: too much is held already. */
  take(bytes: number): void {
    if (held + bytes > most)
      throw new HoopError("limited", "too many request bodies are being looked at here, try again in a moment", {
        hint: "rules that look at bodies, or may hold requests, have them read whole",
      });
    held += bytes;
    this.#bytes += bytes;
  }

  /** The request is over, or its bytes went on. Twice does no harm. */
  release(): void {
    held -= this.#bytes;
    this.#bytes = 0;
  }
}

/** For tests: what is held now. */
export const bufferedBytes = (): number => held;
