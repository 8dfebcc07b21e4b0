import { errorCode } from "../constants.js";
import { Http2Error } from "../error.js";
import { DynamicTable } from "./dynamic-table.js";
import { fieldSize, type HeaderField } from "./header-field.js";
import { huffmanDecode } from "./huffman.js";
import { type Cursor, readInteger } from "./integer.js";
import { staticTable } from "./static-table.js";

/** A decoded block; null: it was read to its end, which the table needs, but is longer than the list may be. */
export type HeaderList = readonly HeaderField[] | null;

/** Decodes header blocks, one after the other: https://www.rfc-editor.org/rfc/rfc7541. Throws Http2Error. */
export class HpackDecoder {
  readonly #table: DynamicTable;
  readonly #maxTableSize: number;
  readonly #maxListSize: number;
  readonly #maxFields: number;

  constructor(options: { readonly maxTableSize: number; readonly maxListSize: number; readonly maxFields: number }) {
    this.#table = new DynamicTable(options.maxTableSize);
    this.#maxTableSize = options.maxTableSize;
    this.#maxListSize = options.maxListSize;
    this.#maxFields = options.maxFields;
  }

  decode(block: Uint8Array): HeaderList {
    const cursor: Cursor = { block, at: 0 };
    const fields: HeaderField[] = [];
    let size = 0;
    let resizes = 0;
    let begun = false;
    while (cursor.at < block.length) {
      const first = block[cursor.at]!;
      if ((first & 0xe0) === 0x20) {
        // Two say all there is to say: the smallest size in between, and the last.
        if (begun || ++resizes > 2) throw malformed("a change of the table's size where none may be");
        this.#resize(readInteger(cursor, 5));
        continue;
      }
      begun = true;
      const field = this.#field(cursor, first);
      size += fieldSize(field[0], field[1]);
      if (size <= this.#maxListSize && fields.length < this.#maxFields) fields.push(field);
      else size = Number.POSITIVE_INFINITY;
    }
    return size > this.#maxListSize ? null : fields;
  }

  #field(cursor: Cursor, first: number): HeaderField {
    if (first >= 0x80) return this.#indexed(readInteger(cursor, 7));
    const remember = (first & 0x40) !== 0;
    // "Never indexed" is for those who pass it on, and we do not.
    const index = readInteger(cursor, remember ? 6 : 4);
    const name = index === 0 ? readString(cursor) : this.#indexed(index)[0];
    const field: HeaderField = [name, readString(cursor)];
    if (remember) this.#table.add(field);
    return field;
  }

  #indexed(index: number): HeaderField {
    const field = index <= staticTable.length ? staticTable[index - 1] : this.#table.at(index - staticTable.length - 1);
    if (field === undefined) throw malformed(`no field has the index ${index}`);
    return field;
  }

  #resize(size: number): void {
    if (size > this.#maxTableSize) throw malformed(`a table of ${size} bytes; ${this.#maxTableSize} were offered`);
    this.#table.resize(size);
  }
}

function readString(cursor: Cursor): string {
  const coded = ((cursor.block[cursor.at] ?? 0) & 0x80) !== 0;
  const length = readInteger(cursor, 7);
  const end = cursor.at + length;
  if (end > cursor.block.length) throw malformed("a header block that ends too early");
  const octets = cursor.block.subarray(cursor.at, end);
  cursor.at = end;
  const text = coded ? huffmanDecode(octets) : Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  return text.toString("latin1");
}

function malformed(text: string): Http2Error {
  return new Http2Error(errorCode.compressionError, text);
}
