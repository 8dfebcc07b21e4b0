/** A name at a target has at most 63 bytes there: `hoop_`, the person, 17 for the suffix. */
const longestPerson = 40;
const suffixLength = 16;
const letters = "abcdefghijklmnopqrstuvwxyz234567";

/** `Ada.Lovelace@example.com` → `hoop_ada_lovelace_example_com_3k5…`: readable, and nobody guesses another's. */
export function userName(person: string, random: (bytes: number) => Buffer): string {
  const readable = person
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .slice(0, longestPerson)
    .replace(/^_+|_+$/g, "");
  const suffix = [...random(suffixLength)].map((byte) => letters[byte & 31]).join("");
  return `hoop_${readable || "user"}_${suffix}`;
}
