import { passed, type Tally, type ValueScanner, valueScanner } from "../../masking/index.js";
import type { ScanPlan } from "../../vocabulary/index.js";
import { type ClippedReader, MalformedError } from "../../wire/index.js";
import { encodeNotification, encodeParameterStatus, encodeReport, type ReportFields } from "./codec/backend.js";
import type { TextCodec } from "./session/text.js";

/** Looks for values in what is no row: messages, settings, notifications, results of functions. */
export class TextScan {
  readonly #scanner: ValueScanner;
  readonly #tally: Tally;

  constructor({ rules }: ScanPlan, key: Buffer, tally: Tally) {
    this.#scanner = valueScanner(rules, key);
    this.#tally = tally;
  }

  /** The same fields, with what is shown; the very same object when nothing was found. */
  fields(fields: ReportFields): ReportFields {
    let shown: Map<string, string> | null = null;
    for (const [letter, text] of fields) {
      if (!free.has(letter)) continue;
      const masked = this.#scanner.text(text, this.#tally);
      if (masked === text) continue;
      shown ??= new Map(fields);
      shown.set(letter, masked);
    }
    return shown ?? fields;
  }

  /** The frame of a report, as it was or anew. */
  report(kind: "error" | "notice", fields: ReportFields, frame: Buffer): Buffer {
    const shown = this.fields(fields);
    return shown === fields ? frame : encodeReport(kind, [...shown]);
  }

  parameter(name: string, value: string, frame: Buffer): Buffer {
    const shown = this.#scanner.text(value, this.#tally);
    return shown === value ? frame : encodeParameterStatus(name, shown);
  }

  notification(reader: ClippedReader, frame: Buffer, codec: TextCodec): Buffer {
    const processId = reader.uint32();
    const channel = reader.cstringBytes();
    const payload = codec.decodeLoosely(reader.cstringBytes());
    const shown = this.#scanner.text(payload, this.#tally);
    return shown === payload ? frame : encodeNotification(processId, channel, shown);
  }

  /** Whether a FunctionCallResponse holds nothing. Its type is not told, so nothing could be put in the place of a value. */
  isHarmless(frame: Buffer): boolean {
    if (frame.length < 9) throw new MalformedError("a function's result without its length");
    return this.#scanner.masker("text", this.#tally)(frame, 9, frame.length) === passed;
  }
}

/** Fields of a report that hold text of whoever raised it: message, detail, hint, context, internal query, and names of things. */
const free = new Set(["M", "D", "H", "W", "q", "s", "t", "c", "d", "n"]);
