/** Not a digit alone: a text of that form would have other letters too. */
const opaque = /^t(?=[0-9]*[a-f])[0-9a-f]{20}$/;
const email = /^x[0-9a-f]{20}@/;
/** Of the method `hash`; three letters that are all hexadecimal are hardly anybody's own. */
const hashed = /^(?=(?:[0-9]*[a-f]){3})[0-9a-f]{16}$/;

/**
 * Why a text looks like the output of a mask that cannot be turned back; null: it does not. Deciphering one would give a value
 * that never was, and somebody would have been asked to approve it.
 */
export function oneWay(token: string): string | null {
  if (email.test(token)) return "this is an e-mail token";
  if (opaque.test(token)) return "this is a token of a text that has no form to keep";
  if (hashed.test(token)) return "this is the output of a hash";
  return null;
}
