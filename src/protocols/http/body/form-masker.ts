import { HoopError } from "../../../vocabulary/index.js";
import { FieldMasker } from "./field-masker.js";
import { maxValue } from "./masker.js";

/** Masks values of `application/x-www-form-urlencoded`; `user[email]` is `email` inside of `user`. */
export class FormMasker extends FieldMasker {
  #waiting: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Buffer {
    this.#waiting = Buffer.concat([this.#waiting, chunk]);
    if (this.#waiting.length > maxValue)
      throw new HoopError("malformed", "a value of the answer's form is too long to be masked");
    const end = this.#waiting.lastIndexOf(0x26);
    if (end < 0) return Buffer.alloc(0);
    const pairs = this.#waiting.toString("latin1", 0, end).split("&");
    this.#waiting = Buffer.from(this.#waiting.subarray(end + 1));
    return Buffer.from(pairs.map((pair) => `${this.#pair(pair)}&`).join(""), "latin1");
  }

  end(): Buffer {
    return Buffer.from(this.#pair(this.#waiting.toString("latin1")), "latin1");
  }

  #pair(pair: string): string {
    const at = pair.indexOf("=");
    if (at < 0) return pair;
    const [name, ...around] = namePath(decoded(pair.slice(0, at))).toReversed();
    const value = decoded(pair.slice(at + 1));
    const mask = this.fields?.find(name!, around) ?? null;
    const shown = mask === null ? this.values.scanned(value, name!) : (this.values.masked(mask, value) ?? "");
    return shown === undefined ? pair : `${pair.slice(0, at + 1)}${encodeURIComponent(shown ?? "")}`;
  }
}

/** `user[emails][]` as its names from the outside in. */
export function namePath(name: string): readonly string[] {
  const parts = name.split(/[[\].]+/).filter((part) => part !== "" && !/^\d+$/.test(part));
  return parts.length === 0 ? [name] : parts.map((part) => part.toLowerCase());
}

function decoded(text: string): string {
  const bytes = text
    .replaceAll("+", " ")
    .replaceAll(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
