/** What a cell's bytes have, as bits. A detector that needs what is not there need not look. */
export const trait = {
  /** `@` */
  at: 1,
  /**
   * Nine digits with nothing but blanks and the like between them; seven behind a `+`; six in front of a letter. What is written
   * as a date (2024-01-31) does not count.
   */
  digits: 2,
  /** Fourteen letters, digits and marks of base64 in a row. */
  run: 4,
  /** `=`, or `:` behind a word: something may be given a value. */
  assign: 8,
  /** `---` */
  dashes: 16,
  /** `.` */
  dot: 32,
  /** A backslash: what the cell holds may not be what it says. */
  escape: 64,
  /** `&` */
  entity: 128,
  /** `:` */
  colon: 256,
} as const;

const digitsWanted = 9;
const digitsBehindPlus = 7;
const digitsBeforeLetter = 6;
const runWanted = 14;

// What a byte is, in the low bits, and which trait it is alone, shifted.
const digit = 1;
const letter = 2;
const joins = 3;
const between = 4;
const dash = 5;
/** `:`, and what may stand between it and the word before it. */
const mark = 6;
const quote = 7;

const kinds = new Uint16Array(256);
const plus = 0x2b;
for (let byte = 0x30; byte <= 0x39; byte++) kinds[byte] = digit;
for (let byte = 0x41; byte <= 0x5a; byte++) kinds[byte] = kinds[byte + 0x20] = letter;
for (const byte of Buffer.from(" .()/")) kinds[byte] = between;
for (const byte of Buffer.from("_+~")) kinds[byte] = joins;
for (const byte of Buffer.from("\"'`\t")) kinds[byte] = quote;
const alone = (character: string, kind: number, bit: number) => {
  kinds[character.charCodeAt(0)] = kind | (bit << 3);
};
alone("@", 0, trait.at);
alone(":", mark, trait.colon);
alone("=", joins, trait.assign);
alone("-", dash, 0);
alone(".", between, trait.dot);
alone("\\", quote, trait.escape);
alone("&", 0, trait.entity);

/** One pass over the bytes, a table look-up each: the only work for a cell that holds nothing. */
export function traitsOf(bytes: Uint8Array, start: number, end: number): number {
  let traits = 0;
  let digits = 0;
  let wanted = digitsWanted;
  let run = 0;
  // Digits since the last mark, and how many parts of a date were seen before them.
  let group = 0;
  let date = 0;
  // Whether the last character that is no blank or quote was part of a word.
  let word = false;
  for (let i = start; i < end; i++) {
    const kind = kinds[bytes[i]!]!;
    switch (kind & 7) {
      case digit:
        group++;
        // The third part of a date counts when it turns out to be longer.
        if (++digits >= wanted) traits |= trait.digits;
        if (++run === runWanted) traits |= trait.run;
        word = false;
        break;
      case letter:
        if (digits >= digitsBeforeLetter && !(date === 2 && group === 2)) traits |= trait.digits;
        digits = 0;
        wanted = digitsWanted;
        group = 0;
        date = 0;
        if (++run === runWanted) traits |= trait.run;
        word = true;
        break;
      case joins:
        digits = 0;
        wanted = bytes[i] === plus ? digitsBehindPlus : digitsWanted;
        group = 0;
        date = 0;
        if (++run === runWanted) traits |= trait.run;
        traits |= kind >> 3;
        word = true;
        break;
      case between:
        if (date === 2 && group === 2 && digits === 8) digits = 0;
        group = 0;
        date = 0;
        run = 0;
        traits |= kind >> 3;
        break;
      case dash:
        date = group === 4 && digits === 4 && isYear(bytes, i - 4) ? 1 : date === 1 && group === 2 ? 2 : 0;
        group = 0;
        if (++run === runWanted) traits |= trait.run;
        if (i >= start + 2 && bytes[i - 1] === bytes[i] && bytes[i - 2] === bytes[i]) traits |= trait.dashes;
        break;
      case mark:
        if (word) traits |= trait.assign;
        digits = 0;
        wanted = digitsWanted;
        run = 0;
        traits |= kind >> 3;
        break;
      case quote:
        digits = 0;
        wanted = digitsWanted;
        run = 0;
        traits |= kind >> 3;
        break;
      default:
        digits = 0;
        wanted = digitsWanted;
        run = 0;
        word = false;
        traits |= kind >> 3;
    }
  }
  return traits;
}

/** 19xx or 20xx. */
function isYear(bytes: Uint8Array, at: number): boolean {
  const century = bytes[at]! * 256 + bytes[at + 1]!;
  return century === 0x3139 || century === 0x3230;
}
