/** The symbol that ends nothing: it may only be hinted at by padding. */
export const endOfString = 256;

/**
 * How many bits each octet has, and the end of a string last: https://www.rfc-editor.org/rfc/rfc7541#appendix-B. The code
 * is canonical, so that its words follow from the lengths.
 */
const lengths = Buffer.from(
  [
    "d n s s s s s s s o u s s u s s s s s s s s u s s s s s s s s s",
    "6 a a c d 6 8 b a a 8 b 8 6 6 6 5 5 5 6 6 6 6 6 6 6 7 8 f 6 c a",
    "d 6 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 8 7 8 d j d e 6",
    "f 5 6 5 6 5 6 6 6 5 7 7 6 6 6 5 6 7 6 5 5 6 7 7 7 7 7 f b e d s",
    "k m k k m m m n m n n n n n o n o o m n o n n n n l m n m n n o",
    "m l k m m n n l n m m o l m n n l l m l n m n n k m m m n m m n",
    "q q k j m n m p q q q r r q o p j l q r r q r o l l q q s r r r",
    "k o k l m l l n m m p p o o q n q r q q r r r r r s r r r r r q",
    "u",
  ]
    .join(" ")
    .split(" ")
    .map((digit) => Number.parseInt(digit, 36)),
);

function canonicalWords(): Uint32Array {
  const words = new Uint32Array(lengths.length);
  let word = 0;
  for (let length = 1; length <= 30; length++) {
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] === length) words[symbol] = word++;
    }
    word *= 2;
  }
  return words;
}

/** Bits of each symbol's word, and the words. */
export const huffmanLengths: Uint8Array = lengths;
export const huffmanWords: Uint32Array = canonicalWords();
