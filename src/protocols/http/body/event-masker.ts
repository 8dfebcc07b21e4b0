import { HoopError } from "../../../vocabulary/index.js";
import { type BodyMasker, maxValue } from "./masker.js";

/** Server-sent events: each `data:` line that is JSON is masked as such, each other line as text; a line waits for its end only. */
export class EventMasker implements BodyMasker {
  readonly #json: () => BodyMasker;
  readonly #text: () => BodyMasker;
  #waiting: Buffer = Buffer.alloc(0);
  #detected: Record<string, number> | undefined;
  maskedCells = 0;

  constructor(json: () => BodyMasker, text: () => BodyMasker) {
    this.#json = json;
    this.#text = text;
  }

  push(chunk: Buffer): Buffer {
    this.#waiting = Buffer.concat([this.#waiting, chunk]);
    const out: Buffer[] = [];
    let from = 0;
    for (let at = 0; at < this.#waiting.length; at++) {
      const byte = this.#waiting[at];
      if (byte !== 0x0a && byte !== 0x0d) continue;
      out.push(this.#line(this.#waiting.subarray(from, at)), Buffer.of(byte));
      from = at + 1;
    }
    this.#waiting = Buffer.from(this.#waiting.subarray(from));
    if (this.#waiting.length > maxValue)
      throw new HoopError("malformed", "a line of the answer is too long to be masked");
    return Buffer.concat(out);
  }

  end(): Buffer {
    return this.#line(this.#waiting);
  }

  detected(): Readonly<Record<string, number>> | undefined {
    return this.#detected;
  }

  #line(line: Buffer): Buffer {
    if (line.length === 0) return line;
    const head = /^data:[ ]?/.exec(line.toString("latin1", 0, 6))?.[0].length ?? 0;
    const value = line.subarray(head);
    const isJson = head > 0 && /^\s*[[{"]/.test(value.toString("latin1", 0, 64));
    const masker = isJson ? this.#json() : this.#text();
    const shown = Buffer.concat([line.subarray(0, head), masker.push(Buffer.from(value)), masker.end()]);
    this.maskedCells += masker.maskedCells;
    for (const [kind, count] of Object.entries(masker.detected() ?? {})) {
      this.#detected ??= {};
      this.#detected[kind] = (this.#detected[kind] ?? 0) + count;
    }
    return shown;
  }
}
