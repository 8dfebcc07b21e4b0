import type { Abilities } from "../policy/index.js";
import type { Protocol } from "../protocol/index.js";

/** What policy may know of a protocol. */
export function abilitiesOf({ name, title, can, attributes }: Protocol): Abilities {
  return { name, title, can, attributes: Object.keys(attributes) };
}
