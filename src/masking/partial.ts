/** What a masked value shows in place of what it hides. ASCII, so that every client encoding can carry it. */
export const hidden = "***";

/** Longer values are hidden whole: nothing that long is an address or a number. */
export const maxPartial = 320;

/** A longer top-level domain would tell more than it hides. */
export const maxTopLevel = 6;

/**
 * `j***@e***.com`: the first character of a local part or host that has at least three, and a short top-level domain.
 * Whatever does not look like exactly one address is hidden whole.
 */
export function partialEmail(text: string): string {
  if (text.length > maxPartial) return hidden;
  const at = text.indexOf("@");
  const dot = text.lastIndexOf(".");
  if (at < 1 || at !== text.lastIndexOf("@") || dot < at + 2) return hidden;
  const top = text.slice(dot + 1);
  if (top.length < 2 || top.length > maxTopLevel || !/^[A-Za-z]+$/.test(top) || /[\s"<>(),;:\\]/.test(text))
    return hidden;
  const host = text.slice(at + 1, text.indexOf(".", at));
  return `${head(text.slice(0, at))}${hidden}@${head(host)}${hidden}.${top}`;
}

/** `***1234`: the last four digits of 12 to 19, written with blanks or dashes between them or not. */
export function partialCard(text: string): string {
  const digits = digitsOf(text, /^[0-9][0-9 -]*$/);
  return digits !== null && digits.length >= 12 && digits.length <= 19 ? hidden + digits.slice(-4) : hidden;
}

/** `***12`: the last two digits of 7 to 15. */
export function partialPhone(text: string): string {
  const digits = digitsOf(text, /^[+(0-9][0-9 ()./-]*$/);
  return digits !== null && digits.length >= 7 && digits.length <= 15 ? hidden + digits.slice(-2) : hidden;
}

/** `a***z`: the first and the last character of eight or more. */
export function partialText(text: string): string {
  // Two units a character at most, so this is long enough or it never will be.
  if (text.length < minText) return hidden;
  const first = String.fromCodePoint(text.codePointAt(0)!);
  const last = lastCharacter(text);
  if (text.length <= 2 * minText && [...text].length < minText) return hidden;
  return first + hidden + last;
}

const minText = 8;
const minHead = 3;

function head(part: string): string {
  return part.length <= 2 * minHead && [...part].length < minHead ? "" : String.fromCodePoint(part.codePointAt(0)!);
}

function lastCharacter(text: string): string {
  const unit = text.charCodeAt(text.length - 1);
  const pair = unit >= 0xdc00 && unit <= 0xdfff && /[\ud800-\udbff]/.test(text.charAt(text.length - 2));
  return pair ? text.slice(-2) : text.slice(-1);
}

const maxNumber = 64;

function digitsOf(text: string, shape: RegExp): string | null {
  return text.length <= maxNumber && shape.test(text) ? text.replaceAll(/[^0-9]/g, "") : null;
}
