import { HoopError, type Mask } from "../../../vocabulary/index.js";
import { FieldMasker } from "./field-masker.js";
import { maxName, maxValue } from "./masker.js";

const quote = 0x22;
const delimiters = [0x2c, 0x3b, 0x09, 0x7c];
const maxColumns = 10_000;

/**
 * Masks cells of CSV (RFC 4180) by the names in its first line; every other byte stays as it came. What separates cells is read
 * off that line; where that could be read in two ways, the answer is refused.
 */
export class CsvMasker extends FieldMasker {
  #names: string[] = [];
  #masks: (Mask | null)[] = [];
  /** Null: the first line is not there yet. */
  #delimiter: number | null = null;
  #head: Buffer = Buffer.alloc(0);
  /** Bytes of the cell so far. */
  #cell: Buffer = Buffer.alloc(0);
  #tooLong = false;
  #column = 0;
  #quoted: "no" | "inside" | "after" = "no";
  #empty = true;

  push(chunk: Buffer): Buffer {
    if (this.#delimiter !== null) return this.#rows(chunk);
    this.#head = Buffer.concat([this.#head, chunk]);
    const end = lineEnd(this.#head);
    if (end < 0) {
      if (this.#head.length > maxName) throw malformed("its first line is too long");
      return Buffer.alloc(0);
    }
    return this.#start(end);
  }

  end(): Buffer {
    const head = this.#delimiter === null && this.#head.length > 0 ? this.#start(this.#head.length) : Buffer.alloc(0);
    if (this.#quoted === "inside") throw malformed("it ends inside of quotes");
    return this.#empty && this.#column === 0 ? head : Buffer.concat([head, this.#finishCell()]);
  }

  #start(end: number): Buffer {
    const line = this.#head.subarray(0, end);
    const rest = this.#head.subarray(end);
    const present = delimiters.filter((byte) => unquoted(line).includes(byte));
    if (present.length > 1) throw malformed("its first line could be cut into columns in more than one way");
    this.#delimiter = present[0] ?? 0x2c;
    const text = line
      .toString("utf8")
      .replace(/^\ufeff/, "")
      .replace(/\r?\n$|\r$/, "");
    this.#names = cells(text, String.fromCharCode(this.#delimiter));
    if (this.#names.length > maxColumns) throw malformed("it has too many columns");
    this.#masks = this.#names.map((name) => this.fields?.find(name.trim(), []) ?? null);
    this.#head = Buffer.alloc(0);
    return Buffer.concat([line, this.#rows(rest)]);
  }

  #rows(chunk: Buffer): Buffer {
    const out: Buffer[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (this.#quoted === "inside") {
        if (byte === quote) this.#quoted = "after";
      } else if (byte === this.#delimiter || byte === 0x0a || byte === 0x0d) {
        this.#keep(chunk.subarray(from, at));
        const between = byte !== this.#delimiter;
        // A line end of two bytes, or an empty line, is no cell.
        if (!(between && this.#column === 0 && this.#empty)) out.push(this.#finishCell());
        out.push(Buffer.of(byte));
        this.#column = between ? 0 : this.#column + 1;
        from = at + 1;
      } else if (byte === quote) {
        if (this.#quoted === "after") this.#quoted = "inside";
        else if (at === from && this.#empty) this.#quoted = "inside";
        else throw malformed("a quote stands inside of a cell");
        this.#empty = false;
      } else {
        if (this.#quoted === "after") throw malformed("something stands behind a closing quote");
        this.#empty = false;
      }
    }
    this.#keep(chunk.subarray(from));
    return Buffer.concat(out);
  }

  #keep(part: Buffer): void {
    if (this.#tooLong || part.length === 0) return;
    if (this.#cell.length + part.length > maxValue) {
      this.#tooLong = true;
      this.#cell = Buffer.alloc(0);
    } else this.#cell = this.#cell.length === 0 ? Buffer.from(part) : Buffer.concat([this.#cell, part]);
  }

  #finishCell(): Buffer {
    const cell = this.#cell;
    const tooLong = this.#tooLong;
    this.#cell = Buffer.alloc(0);
    this.#tooLong = false;
    this.#quoted = "no";
    this.#empty = true;
    if (tooLong) return Buffer.from(this.values.hide());
    // A cell that no column was named for may be any of those that are masked.
    const unnamed = this.#column >= this.#masks.length && this.#masks.some((mask) => mask !== null);
    const mask = unnamed ? ({ method: "redact" } as const) : (this.#masks[this.#column] ?? null);
    if (cell.length === 0 || (mask === null && !this.values.scans)) return cell;
    const isQuoted = cell[0] === quote;
    const text = cell.toString("utf8");
    const value = isQuoted ? text.slice(1, -1).replaceAll('""', '"') : text;
    const shown =
      mask === null
        ? this.values.scanned(value, this.#names[this.#column] ?? "")
        : (this.values.masked(mask, value) ?? "");
    if (shown === undefined) return cell;
    const plain = shown ?? "";
    return Buffer.from(isQuoted || /["\r\n,;\t|]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain);
  }
}

/** Behind the first line's end that is not in quotes; -1: it is not there. */
function lineEnd(bytes: Buffer): number {
  let quoted = false;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === quote) quoted = !quoted;
    else if (!quoted && bytes[at] === 0x0a) return at + 1;
  }
  return -1;
}

function unquoted(line: Buffer): Buffer {
  return Buffer.from(line.toString("latin1").replaceAll(/"[^"]*"/g, ""), "latin1");
}

function cells(line: string, delimiter: string): string[] {
  const names: string[] = [];
  let name = "";
  let quoted = false;
  for (const character of line) {
    if (character === '"') quoted = !quoted;
    else if (character === delimiter && !quoted) {
      names.push(name);
      name = "";
    } else name += character;
  }
  return [...names, name];
}

function malformed(what: string): HoopError {
  return new HoopError("malformed", `the answer is no CSV that can be masked: ${what}`);
}
