import { luhnSum } from "../detectors/checksums.js";
import type { TokenKeys } from "./keys.js";

const shape = /^[0-9][0-9 -]*$/;
const lastDigits = 4;

/**
 * Digits of a card number become others, blanks and dashes stay. What passes the Luhn check goes on passing it, what fails it
 * fails it by as much, so that nothing is lost. Null: it is no number of 12 to 19 digits.
 */
export function cardToken(keys: TokenKeys, text: string, lastFour: boolean): string | null {
  return convert(text, lastFour, (value, size) => keys.encipher(value, size, formOf(lastFour)));
}

/** The number behind a token of `cardToken`; null: it cannot be got back. */
export function cardFromToken(keys: TokenKeys, token: string, lastFour: boolean): string | null {
  return convert(token, lastFour, (value, size) => keys.decipher(value, size, formOf(lastFour)));
}

const formOf = (lastFour: boolean) => (lastFour ? "card-4" : "card");

function convert(
  text: string,
  lastFour: boolean,
  change: (value: bigint, size: bigint) => bigint | null,
): string | null {
  if (text.length > 64 || !shape.test(text)) return null;
  const digits = text.replaceAll(/[^0-9]/g, "");
  if (digits.length < 12 || digits.length > 19) return null;
  const kept = lastFour ? digits.slice(-lastDigits) : "";
  // One digit balances the check sum: the last of those that change.
  const free = digits.length - kept.length - 1;
  const made = change(BigInt(digits.slice(0, free)), 10n ** BigInt(free));
  if (made === null) return null;
  const head = made.toString().padStart(free, "0");
  const wanted = luhnSum(digits) % 10;
  for (let balance = 0; balance < 10; balance++) {
    const token = `${head}${balance}${kept}`;
    if (luhnSum(token) % 10 === wanted) return spread(text, token);
  }
  return null;
}

/** The digits in the places of the digits of `form`. */
function spread(form: string, digits: string): string {
  let at = 0;
  return form.replaceAll(/[0-9]/g, () => digits[at++]!);
}
