import { compileGlob } from "../../../masking/index.js";
import type { ColumnMask, Mask } from "../../../vocabulary/index.js";

interface Field {
  readonly mask: Mask;
  readonly name: (lower: string) => boolean;
  /** Each must be the name of something around the value; a lone `*` asks for nothing. */
  readonly around: readonly ((lower: string) => boolean)[];
}

interface Compiled {
  readonly fields: readonly Field[];
  /** The same names come again and again; bounded, as the target chooses them. */
  readonly byName: Map<string, readonly Field[]>;
}

const maxNames = 10_000;
const compiled = new WeakMap<readonly ColumnMask[], Compiled>();

function compile(masks: readonly ColumnMask[]): Compiled {
  let known = compiled.get(masks);
  if (known === undefined) {
    const fields = masks.map(({ pattern, mask }): Field => {
      const parts = pattern.split(".");
      return {
        mask,
        name: compileGlob(parts[parts.length - 1]!),
        around: parts
          .slice(0, -1)
          .filter((part) => part !== "*")
          .map(compileGlob),
      };
    });
    known = { fields, byName: new Map() };
    compiled.set(masks, known);
  }
  return known;
}

/**
 * Finds the mask of a value by its name. `customers.email` means: named `email`, somewhere inside of what is named `customers`,
 * be that a member of the body or a part of the request's path.
 */
export class FieldFinder {
  readonly #compiled: Compiled;
  readonly #outer: readonly string[];

  /** @param path Of the request. */
  constructor(masks: readonly ColumnMask[], path: string) {
    this.#compiled = compile(masks);
    this.#outer = path
      .split("/", 64)
      .filter((part) => part !== "")
      .map((part) => part.toLowerCase());
  }

  /** @param around Lower-case names of the objects that it is in. */
  find(name: string, around: readonly string[]): Mask | null {
    const lower = name.toLowerCase();
    const { byName, fields } = this.#compiled;
    let candidates = byName.get(lower);
    if (candidates === undefined) {
      candidates = fields.filter((field) => field.name(lower));
      if (byName.size >= maxNames) byName.clear();
      byName.set(lower, candidates);
    }
    for (const field of candidates) {
      if (field.around.every((test) => around.some(test) || this.#outer.some(test))) return field.mask;
    }
    return null;
  }
}
