import type { DetectorName, TokenForm } from "../../vocabulary/index.js";

/** Told of each value: where it begins and where it ends. */
export type Found = (start: number, end: number) => void;

/**
 * One kind of value that is found by what it looks like. Texts come byte by byte: a character for each byte of UTF-8, so that a
 * place in the text is a place in the bytes. No value goes over a line's end, unless `lines` says so.
 */
export interface Detector {
  readonly name: DetectorName;
  /** For the documentation: one sentence. */
  readonly finds: string;
  /** What bytes a cell must have (see `traits.ts`); the cheap test in front of all others. */
  readonly needs: number;
  /**
   * In RE2's language: one of them matches wherever `find` may find something. Bounded repeats only where they are short. None:
   * what it needs says it all.
   */
  readonly prefilters: readonly string[];
  /** Which set of prefilters it is part of: one is tried when a detector in it has what it needs. */
  readonly set: "numbers" | "tokens" | "names";
  /** Tried before its set: words of which a text must have one. */
  readonly may?: RegExp;
  /** What the values look like, for a partial mask and for a token. */
  readonly partial: "email" | "card" | "phone" | "text";
  readonly token: TokenForm;
  readonly lines?: boolean;
  /** How many times as dear as one pass of a plain pattern a hostile text makes it; absent: once. */
  readonly cost?: number;
  /** Says each value in order. Time in proportion to the text, whatever the text. */
  find(text: string, found: Found): void;
}

/** Tries the pattern's matches one by one; one that `accept` refuses is looked into again behind its first character. */
export function findMatches(
  pattern: RegExp,
  text: string,
  found: Found,
  accept: (match: RegExpExecArray) => boolean = () => true,
): void {
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    if (accept(match)) found(match.index, match.index + match[0].length);
    else pattern.lastIndex = match.index + 1;
  }
}

export const digitsOf = (text: string): string => text.replaceAll(/[^0-9]/g, "");
