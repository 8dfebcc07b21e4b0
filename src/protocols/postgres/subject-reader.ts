import type { MeteredSubjects } from "../../protocol/index.js";
import { MalformedError } from "../../wire/index.js";
import type { FieldDescription } from "./codec/backend.js";
import { masksOf } from "./masking.js";

/** Reads from rows of one shape whose data they are. */
export class SubjectReader {
  readonly #columns: readonly (readonly MeteredSubjects[])[];

  constructor(columns: readonly (readonly MeteredSubjects[])[]) {
    this.#columns = columns;
  }

  /** Of the DataRow at `bytes[at … at + length)`, as the target sent it. False: somebody more than may be seen. */
  read(bytes: Buffer, at: number, length: number): boolean {
    const columns = this.#columns;
    const end = at + length;
    if (length < 7 || bytes.readUInt16BE(at + 5) !== columns.length) {
      throw new MalformedError("a row has not the columns that were announced");
    }
    let pos = at + 7;
    for (const subjects of columns) {
      if (pos + 4 > end) throw new MalformedError("a row is shorter than its columns");
      const size = bytes.readInt32BE(pos);
      const start = pos + 4;
      pos = size < 0 ? start : start + size;
      if (pos > end || size < -1) throw new MalformedError("a value is longer than its row");
      // NULL is nobody.
      if (size < 0 || subjects.length === 0) continue;
      const value = bytes.subarray(start, pos);
      for (const one of subjects) if (!one.see(value)) return false;
    }
    return true;
  }
}

/** A reader for these fields; null: nobody's data can be told from them. */
export function createSubjectReader(
  fields: readonly FieldDescription[],
  subjects: readonly MeteredSubjects[],
  statement: number,
): SubjectReader | null {
  const marked = subjects.map(({ plan }) => masksOf(fields, plan, statement));
  const columns = fields.map((_, at) => subjects.filter((_, of) => marked[of]![at] != null));
  return columns.every((column) => column.length === 0) ? null : new SubjectReader(columns);
}
