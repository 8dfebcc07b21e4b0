import { HoopError, type Mask } from "../../../vocabulary/index.js";
import { FieldMasker } from "./field-masker.js";
import { maxName, maxValue } from "./masker.js";

/** Deeper bodies are refused: nothing that people read is, and each level costs memory. */
const maxDepth = 512;

const quote = 0x22;
const backslash = 0x5c;
const byteOrderMark = [0xef, 0xbb, 0xbf];

/** What may come next. */
type Expects = "value" | "value-or-end" | "name" | "name-or-end" | "colon" | "comma-or-end";

interface Level {
  readonly isObject: boolean;
  /** Lower case; what an array holds goes by the array's name. */
  readonly name: string;
  /** Of the name by which it is reached: all in it is masked. */
  readonly mask: Mask | null;
}

type Collecting = "name" | "string" | "scalar";

/**
 * Masks values of JSON by the names around them; every other byte stays as it came. Several values may follow each other, as in
 * NDJSON and JSON text sequences. Reads by the letter of RFC 8259: what a laxer reader might take otherwise is refused.
 */
export class JsonMasker extends FieldMasker {
  readonly #levels: Level[] = [];
  /** Names of the objects around, without those of arrays. */
  readonly #around: string[] = [];
  #expects: Expects = "value";
  #collecting: Collecting | null = null;
  /** The token is given out only when it was looked at. */
  #keeps = false;
  #parts: Buffer[] = [];
  #size = 0;
  #tooLong = false;
  #escaped = false;
  /** Of the member whose value comes next. */
  #name = "";
  #mask: Mask | null = null;
  /** How much of a byte order mark was there; 3: what follows is JSON. */
  #mark = 0;

  push(chunk: Buffer): Buffer {
    const out: Buffer[] = [];
    let from = 0;
    let at = this.#mark < 3 ? this.#skipMark(chunk) : 0;
    while (at < chunk.length) {
      if (this.#collecting === null) {
        const begins = this.#structure(chunk[at]!);
        if (begins === null) {
          at++;
          continue;
        }
        this.#collecting = begins;
        if (this.#keeps) {
          out.push(chunk.subarray(from, at));
          from = at;
        }
        if (begins !== "scalar") at++;
      }
      const end = this.#collecting === "scalar" ? scalarEnd(chunk, at) : this.#stringEnd(chunk, at);
      if (end < 0) {
        if (this.#keeps) this.#keep(chunk.subarray(from));
        at = chunk.length;
        from = this.#keeps ? chunk.length : from;
        break;
      }
      if (this.#keeps) {
        this.#keep(chunk.subarray(from, end));
        out.push(this.#finish());
        from = end;
      } else this.#over();
      at = end;
    }
    if (from < chunk.length) out.push(chunk.subarray(from));
    return out.length === 1 ? out[0]! : Buffer.concat(out);
  }

  end(): Buffer {
    let rest: Buffer = Buffer.alloc(0);
    // Only a number or literal at the very end has no end of its own.
    if (this.#collecting === "scalar") {
      if (this.#keeps) rest = this.#finish();
      else this.#over();
    }
    if (this.#collecting !== null || this.#levels.length > 0) throw malformed("it ends in the middle");
    return rest;
  }

  #skipMark(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && this.#mark < 3 && chunk[at] === byteOrderMark[this.#mark]) {
      this.#mark++;
      at++;
    }
    if (at < chunk.length) {
      if (this.#mark === 1 || this.#mark === 2) throw malformed("it begins with half a byte order mark");
      this.#mark = 3;
    }
    return at;
  }

  /** One byte outside of strings and scalars. Answers what begins with it. */
  #structure(byte: number): Collecting | null {
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return null;
    const expects = this.#expects;
    switch (byte) {
      case quote:
        if (expects === "name" || expects === "name-or-end") {
          this.#keeps = true;
          return "name";
        }
        return this.#begin("string");
      case 0x7b:
      case 0x5b:
        this.#open(byte === 0x7b);
        return null;
      case 0x7d:
      case 0x5d:
        this.#close(byte === 0x7d);
        return null;
      case 0x3a:
        if (expects !== "colon") throw malformed("a colon stands where none belongs");
        this.#expects = "value";
        return null;
      case 0x2c: {
        const level = this.#levels[this.#levels.length - 1];
        if (expects !== "comma-or-end" || !level) throw malformed("a comma stands where none belongs");
        this.#expects = level.isObject ? "name" : "value";
        return null;
      }
      case 0x1e:
        // RFC 7464
        if (this.#levels.length > 0) throw malformed("it holds a control character");
        return null;
      default:
        return this.#begin("scalar", byte);
    }
  }

  #begin(kind: "string" | "scalar", byte = quote): Collecting {
    this.#takeValue();
    if (kind === "scalar" && !isScalar(byte)) throw malformed("it holds a character that JSON does not know");
    this.#keeps = this.#mask !== null || this.values.scans || kind === "scalar";
    return kind;
  }

  /** A value begins: by which name, under which mask. */
  #takeValue(): void {
    const level = this.#levels[this.#levels.length - 1];
    const fits =
      this.#expects === "value" || this.#expects === "value-or-end" || (this.#expects === "comma-or-end" && !level);
    if (!fits) throw malformed("a value stands where none belongs");
    if (level === undefined) {
      this.#name = "";
      this.#mask = null;
    } else if (!level.isObject) {
      this.#name = level.name;
      this.#mask = level.mask;
    }
    this.#expects = "comma-or-end";
  }

  #open(isObject: boolean): void {
    this.#takeValue();
    if (this.#levels.length >= maxDepth) throw malformed(`it is nested more than ${maxDepth} deep`);
    this.#levels.push({ isObject, name: this.#name, mask: this.#mask });
    if (isObject) this.#around.push(this.#name);
    this.#expects = isObject ? "name-or-end" : "value-or-end";
  }

  #close(isObject: boolean): void {
    const level = this.#levels.pop();
    const ends = this.#expects === "comma-or-end" || this.#expects === (isObject ? "name-or-end" : "value-or-end");
    if (level?.isObject !== isObject || !ends) throw malformed("a bracket stands where none belongs");
    if (isObject) this.#around.pop();
    this.#expects = "comma-or-end";
  }

  #stringEnd(chunk: Buffer, from: number): number {
    let at = from;
    if (this.#escaped && at < chunk.length) {
      this.#escaped = false;
      at++;
    }
    for (; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (byte === quote) return at + 1;
      if (byte === backslash && ++at >= chunk.length) this.#escaped = true;
    }
    return -1;
  }

  #keep(part: Buffer): void {
    this.#size += part.length;
    if (this.#collecting === "name" && this.#size > maxName) throw malformed("a name in it is too long");
    if (this.#size > maxValue) {
      this.#tooLong = true;
      this.#parts = [];
    } else if (part.length > 0) this.#parts.push(part);
  }

  /** The token is whole: what is given out for it. */
  #finish(): Buffer {
    const kind = this.#collecting!;
    const token = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    const tooLong = this.#tooLong;
    this.#over();
    if (kind === "name") return this.#finishName(token);
    if (tooLong) return Buffer.from(JSON.stringify(this.values.hide()));
    return this.#finishValue(token, kind === "string");
  }

  #over(): void {
    this.#collecting = null;
    this.#keeps = false;
    this.#parts = [];
    this.#size = 0;
    this.#tooLong = false;
  }

  #finishName(token: Buffer): Buffer {
    const name = textOf(token);
    const level = this.#levels[this.#levels.length - 1]!;
    this.#expects = "colon";
    this.#name = name.toLowerCase();
    this.#mask = this.fields?.find(name, this.#around) ?? level.mask;
    // Inside of what is masked whole, and where a rule says so, names are values.
    if (level.mask !== null) return Buffer.from(JSON.stringify(this.values.masked(level.mask, name) ?? "***"));
    if (!this.values.scansNames) return token;
    const shown = this.values.scanned(name, "");
    return shown === undefined ? token : Buffer.from(JSON.stringify(shown ?? "***"));
  }

  #finishValue(token: Buffer, isString: boolean): Buffer {
    const raw = isString ? "" : token.toString("latin1");
    if (!isString && !scalar.test(raw)) throw malformed("it holds a word that JSON does not know");
    const mask = this.#mask;
    if (raw === "null" || (mask === null && (raw === "true" || raw === "false"))) return token;
    if (mask === null && !this.values.scans) return token;
    const text = isString ? textOf(token) : raw;
    if (mask === null && !isString && text.length < shortNumber) return token;
    const shown = mask === null ? this.values.scanned(text, this.#name) : this.values.masked(mask, text);
    if (shown === undefined) return token;
    if (shown !== null && !isString && number.test(shown)) return Buffer.from(shown, "latin1");
    return Buffer.from(JSON.stringify(shown));
  }
}

const scalar = /^(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)$/;
const number = /^-?(?:0|[1-9][0-9]*)$/;
/** Shorter numbers are nothing that a detector finds. */
const shortNumber = 6;

/** Letters, digits, `+`, `-` and `.`; the token is checked when it is whole. */
function isScalar(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x2b ||
    byte === 0x2d ||
    byte === 0x2e ||
    byte === 0x45
  );
}

function scalarEnd(chunk: Buffer, from: number): number {
  for (let at = from; at < chunk.length; at++) if (!isScalar(chunk[at]!)) return at;
  return -1;
}

/** What a string says, with its quotes. Control characters that stand in it unescaped are taken as they are. */
function textOf(token: Buffer): string {
  const text = token.toString("utf8");
  try {
    return JSON.parse(
      text.replaceAll(/[\x00-\x1f]/g, (character) => `\\u00${character.charCodeAt(0).toString(16).padStart(2, "0")}`),
    ) as string;
  } catch {
    throw malformed("a string in it has an escape that JSON does not know");
  }
}

function malformed(what: string): HoopError {
  return new HoopError("malformed", `the answer is no JSON that can be masked: ${what}`);
}
