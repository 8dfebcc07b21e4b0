import { randomBytes } from "node:crypto";

const consonants = "bdfghjklmnprstvz";
const vowels = "aiou";

/** What `newReviewId` makes, and what a route takes. */
export const reviewIdPattern = /^[a-z]{5}-[a-z]{5}$/;

/**
 * A name of 32 random bits that can be read out on the telephone: `lusab-tofim` (after proquints, arXiv:0901.4016). It is
 * no secret: who may see a review is asked each time.
 */
export function newReviewId(random: (bytes: number) => Buffer = randomBytes): string {
  const bits = random(4);
  return `${word(bits.readUInt16BE(0))}-${word(bits.readUInt16BE(2))}`;
}

function word(bits: number): string {
  const consonant = (shift: number) => consonants[(bits >> shift) & 15]!;
  const vowel = (shift: number) => vowels[(bits >> shift) & 3]!;
  return consonant(12) + vowel(10) + consonant(6) + vowel(4) + consonant(0);
}
