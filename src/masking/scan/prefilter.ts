import { RE2Set } from "re2js";

/** More patterns in one set make a machine whose states no longer fit. */
const perSet = 15;

/** Many patterns tried at once, in time that grows with the text alone. */
export class Prefilter {
  readonly #sets: readonly { readonly set: RE2Set; readonly first: number }[];

  constructor(patterns: readonly string[]) {
    const sets: { set: RE2Set; first: number }[] = [];
    for (let first = 0; first < patterns.length; first += perSet) {
      const set = new RE2Set();
      for (const pattern of patterns.slice(first, first + perSet)) set.add(pattern);
      set.compile();
      sets.push({ set, first });
    }
    this.#sets = sets;
  }

  /** Marks in `matched` which patterns, by their place, match somewhere. False: none does. */
  match(text: string, matched: Uint8Array): boolean {
    let any = false;
    for (const { set, first } of this.#sets) {
      for (const index of set.match(text)) {
        matched[first + index] = 1;
        any = true;
      }
    }
    return any;
  }

  get empty(): boolean {
    return this.#sets.length === 0;
  }
}
