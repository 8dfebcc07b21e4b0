import { fieldSize, type HeaderField } from "./header-field.js";

/** What was sent before, newest first; the oldest go when the size is reached. */
export class DynamicTable {
  /** Oldest first: the end is where most is looked up. */
  readonly #fields: HeaderField[] = [];
  #size = 0;
  #maxSize: number;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  get length(): number {
    return this.#fields.length;
  }

  get size(): number {
    return this.#size;
  }

  get maxSize(): number {
    return this.#maxSize;
  }

  /** Undefined: there is none with this number, 0 being the newest. */
  at(index: number): HeaderField | undefined {
    return this.#fields[this.#fields.length - 1 - index];
  }

  /** The number of a field, newest 0; -1: it is not there. */
  indexOf(name: string, value: string): number {
    const fields = this.#fields;
    for (let at = fields.length - 1; at >= 0; at--) {
      const field = fields[at]!;
      if (field[0] === name && field[1] === value) return fields.length - 1 - at;
    }
    return -1;
  }

  /** A field larger than the whole table empties it, and that is no error: https://www.rfc-editor.org/rfc/rfc7541#section-4.4 */
  add(field: HeaderField): void {
    const size = fieldSize(field[0], field[1]);
    this.#evict(this.#maxSize - size);
    if (size > this.#maxSize) return;
    this.#fields.push(field);
    this.#size += size;
  }

  resize(maxSize: number): void {
    this.#maxSize = maxSize;
    this.#evict(maxSize);
  }

  #evict(until: number): void {
    let gone = 0;
    while (gone < this.#fields.length && this.#size > until) {
      const [name, value] = this.#fields[gone++]!;
      this.#size -= fieldSize(name, value);
    }
    if (gone > 0) this.#fields.splice(0, gone);
  }
}
