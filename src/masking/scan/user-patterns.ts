import { RE2JS } from "re2js";
import { HoopError, type Mask, type ScanRule } from "../../vocabulary/index.js";
import { binaryFrom, isBinaryUtf8, textFrom } from "./binary.js";
import type { Hit } from "./hit.js";
import { Prefilter } from "./prefilter.js";

/** Findings of one pattern in one text; a text with more is hidden whole. */
const maxFindings = 10_000;

/** The users' own patterns. They run in RE2 alone, whose time grows with the text whatever they say. */
export class UserPatterns {
  readonly #patterns: readonly { readonly name: string; readonly pattern: RE2JS; readonly mask: Mask }[];
  readonly #prefilter: Prefilter;
  readonly #matched: Uint8Array;

  private constructor(rules: readonly ScanRule[]) {
    const all = rules.flatMap(({ rule, mask, patterns }) => patterns.map((one) => ({ ...one, rule, mask })));
    try {
      this.#patterns = all.map(({ name, pattern, mask }) => ({ name, pattern: RE2JS.compile(pattern), mask }));
      this.#prefilter = new Prefilter(all.map(({ pattern }) => pattern));
    } catch (cause) {
      throw new HoopError("invalid", "a mask rule has a pattern that RE2 does not take", { cause });
    }
    this.#matched = new Uint8Array(all.length);
  }

  /** Null: the rules have none. Throws HoopError `invalid` for one that was not checked when it was saved. */
  static from(rules: readonly ScanRule[]): UserPatterns | null {
    return rules.some(({ patterns }) => patterns.length > 0) ? new UserPatterns(rules) : null;
  }

  /** @param binary One character a byte; patterns see the text that the bytes say. */
  find(binary: string, hits: Hit[]): void {
    const text = isBinaryUtf8(binary) ? textFrom(binary) : binary;
    this.#matched.fill(0);
    if (!this.#prefilter.match(text, this.#matched)) return;
    const place = text.length === binary.length ? (at: number) => at : placesIn(text);
    for (const [i, { name, pattern, mask }] of this.#patterns.entries()) {
      if (this.#matched[i] === 0) continue;
      const matcher = pattern.matcher(text);
      for (let n = 0; matcher.find(); n++) {
        if (n === maxFindings) {
          hits.push({ start: 0, end: binary.length, kind: name, mask: { method: "redact" } });
          break;
        }
        const start = matcher.start();
        const end = matcher.end();
        if (end > start) hits.push({ start: place(start), end: place(end), kind: name, mask });
      }
    }
  }
}

/** Where a character of the text begins in its bytes; asked in any order, cheap when asked in ascending order. */
function placesIn(text: string): (at: number) => number {
  let known = 0;
  let bytes = 0;
  return (at) => {
    if (at < known) {
      known = 0;
      bytes = 0;
    }
    bytes += binaryFrom(text.slice(known, at)).length;
    known = at;
    return bytes;
  };
}
