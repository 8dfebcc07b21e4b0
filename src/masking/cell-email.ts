import { hidden, maxPartial, maxTopLevel } from "./partial.js";

const at = 0x40;
const dot = 0x2e;
const star = 0x2a;
const redacted = Buffer.from(hidden, "ascii");

/** By ASCII code: 1 for letters, 2 for what no plain address holds (white space, quotes, brackets, separators). */
const kinds = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  return /[A-Za-z]/.test(character) ? 1 : /[\s"<>(),;:\\]/.test(character) ? 2 : 0;
});
const letter = 1;
const foreign = 2;

/** What is answered, by its length: used again for each cell. `a***@b***.museum` is the longest. */
const answers = Array.from({ length: 10 + maxTopLevel + 1 }, (_, length) => Buffer.alloc(length, star));
const minHead = 3;

/** `partialEmail` on the bytes of one cell; undefined where they are not all ASCII, which needs characters. */
export function partialEmailCell(bytes: Buffer, start: number, end: number): Buffer | undefined {
  if (end - start > maxPartial) return undefined;
  let sign = -1;
  let hostEnd = -1;
  let lastDot = -1;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte > 0x7f) return undefined;
    if (byte === at) {
      if (sign >= 0) return redacted;
      sign = i;
    } else if (byte === dot) {
      lastDot = i;
      if (sign >= 0 && hostEnd < 0) hostEnd = i;
    } else if (kinds[byte] === foreign) return redacted;
  }
  const top = end - lastDot - 1;
  if (sign < start + 1 || lastDot < sign + 2 || top < 2 || top > maxTopLevel) return redacted;
  for (let i = lastDot + 1; i < end; i++) if (kinds[bytes[i]!] !== letter) return redacted;

  const local = sign - start >= minHead ? 1 : 0;
  const host = hostEnd - sign - 1 >= minHead ? 1 : 0;
  const answer = answers[local + host + 8 + top]!;
  let to = 0;
  if (local > 0) answer[to++] = bytes[start]!;
  to = stars(answer, to);
  answer[to++] = at;
  if (host > 0) answer[to++] = bytes[sign + 1]!;
  to = stars(answer, to);
  for (let i = lastDot; i < end; i++) answer[to++] = bytes[i]!;
  return answer;
}

function stars(into: Buffer, from: number): number {
  into[from] = star;
  into[from + 1] = star;
  into[from + 2] = star;
  return from + 3;
}
