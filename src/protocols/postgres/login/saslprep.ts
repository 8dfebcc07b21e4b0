const nonAsciiSpace = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu;
// Alternatives and not one class: some of these combine with their neighbours.
const mappedToNothing = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/gu;
const prohibited =
  /[\u0000-\u001f\u007f-\u009f\u06dd\u070f\u180e\u200e\u200f\u2028-\u202e\u2061-\u2063\u206a-\u206f\ufff9-\uffff\ud800-\udfff\ue000-\uf8ff]/u;

/**
 * A password as SCRAM hashes it (RFC 4013). As PostgreSQL does on both sides, one that the profile prohibits is used as it is.
 */
export function saslprep(password: string): string {
  if (/^[\u0020-\u007e]*$/u.test(password)) return password;
  const prepared = password.replace(nonAsciiSpace, " ").replace(mappedToNothing, "").normalize("NFKC");
  return prepared === "" || prohibited.test(prepared) ? password : prepared;
}
