import { createStreamScanner, type StreamScanner } from "../../../masking/index.js";
import type { ScanPlan } from "../../../vocabulary/index.js";
import type { BodyMasker } from "./masker.js";

/** Text of no form: detectors look at it, names there are none. */
export class TextMasker implements BodyMasker {
  readonly #scanner: StreamScanner | null;
  readonly maskedCells = 0;

  constructor(scan: ScanPlan | null | undefined, key: Buffer) {
    this.#scanner = scan ? createStreamScanner(scan.rules, key) : null;
  }

  push(chunk: Buffer): Buffer {
    return this.#scanner?.push(chunk) ?? chunk;
  }

  end(): Buffer {
    return this.#scanner?.flush() ?? Buffer.alloc(0);
  }

  detected(): Readonly<Record<string, number>> | undefined {
    return this.#scanner?.detected();
  }
}
