import type { TokenKeys } from "./keys.js";

/** Longer texts are not enciphered letter by letter. */
const maxEnciphered = 128;
const fallbackLength = 20;

const lower = 0x61;
const upper = 0x41;
const zero = 0x30;

/**
 * Letters become letters of the same case, digits digits, everything else stays where it is. Null: it is not that kind of
 * text (letters beyond ASCII, nothing to replace, too long).
 */
export function textToken(keys: TokenKeys, text: string): string | null {
  const ranked = rank(text);
  return ranked === null ? null : unrank(text, keys.encipher(ranked.value, ranked.size, "text"));
}

/** The value behind a token of `textToken`; null: it cannot be got back. */
export function textFromToken(keys: TokenKeys, token: string): string | null {
  const ranked = rank(token);
  if (ranked === null) return null;
  const value = keys.decipher(ranked.value, ranked.size, "text");
  return value === null ? null : unrank(token, value);
}

/** For what has no form to keep. The same for equal texts; cannot be got back. */
export function opaqueToken(keys: TokenKeys, text: string): string {
  return `t${keys.hash(`opaque/${text}`, fallbackLength)}`;
}

/** A text as a number among all texts of its form. */
function rank(text: string): { readonly value: bigint; readonly size: bigint } | null {
  if (text.length > maxEnciphered) return null;
  let value = 0n;
  let size = 1n;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const radix = radixOf(code);
    // What is neither ASCII nor punctuation may be a letter that would stay.
    if (radix === null) return null;
    if (radix === 0n) continue;
    value = value * radix + BigInt(code - baseOf(code));
    size *= radix;
  }
  return size === 1n ? null : { value, size };
}

function unrank(form: string, value: bigint): string {
  const codes = new Uint16Array(form.length);
  let rest = value;
  for (let i = form.length - 1; i >= 0; i--) {
    const code = form.charCodeAt(i);
    const radix = radixOf(code)!;
    if (radix === 0n) codes[i] = code;
    else {
      codes[i] = baseOf(code) + Number(rest % radix);
      rest /= radix;
    }
  }
  return String.fromCharCode(...codes);
}

function radixOf(code: number): 0n | 10n | 26n | null {
  if (code >= 0x80) return null;
  if (code >= zero && code < zero + 10) return 10n;
  const letter = code | 0x20;
  return letter >= lower && letter < lower + 26 ? 26n : 0n;
}

function baseOf(code: number): number {
  if (code < upper) return zero;
  return code < lower ? upper : lower;
}
