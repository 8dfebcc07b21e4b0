import { maskText } from "../cell.js";
import { binaryFrom, isBinaryUtf8, textFrom } from "./binary.js";
import type { Hit } from "./hit.js";
import type { Tally } from "./tally.js";

/** A binary text after a look at it: undefined: as it was; null: NULL. */
export type Scanned = string | null | undefined;

/** Puts what the masks show in the place of each hit, as `write` says; the text between stays. */
export function replaceHits(
  text: string,
  hits: readonly Hit[],
  key: Buffer,
  tally: Tally,
  write: (shown: string | null) => string | null = (shown) => shown,
): Scanned {
  if (hits.length === 0) return undefined;
  let out = "";
  let at = 0;
  for (const hit of hits) {
    tally.add(hit.kind);
    const value = text.slice(hit.start, hit.end);
    const shown = maskText(hit.mask, isBinaryUtf8(value) ? textFrom(value) : value, key);
    const written = write(shown === null ? null : binaryFrom(shown));
    // Part of a text cannot be NULL.
    if (written === null) return null;
    out += text.slice(at, hit.start) + written;
    at = hit.end;
  }
  return out + text.slice(at);
}
