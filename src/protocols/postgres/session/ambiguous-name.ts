import type { Report } from "../errors.js";

/** PostgreSQL compares no more bytes of a name. */
const maxName = 63;
const plain = /^[\x01-\x7f]*$/;

/**
 * Why one of these names of prepared statements or portals is not taken; null: they are all right. PostgreSQL cuts names
 * and reads them in the client's encoding of that moment, other servers and poolers do neither: what is long, or is not
 * ASCII, is one name to some and two to others, and then a statement would run under the verdict and the mask of another.
 */
export function ambiguousName(...names: readonly string[]): Report | null {
  if (names.every((name) => name.length <= maxName && plain.test(name))) return null;
  return {
    severity: "ERROR",
    code: "42622",
    message: `hoop: names of prepared statements and portals are ASCII and at most ${maxName} bytes here`,
    hint: "The target could take this name for another one. Choose a shorter name, or none.",
  };
}
