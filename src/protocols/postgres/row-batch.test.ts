import { Readable } from "node:stream";
import fc from "fast-check";
import { parse } from "pg-protocol";
import { expect, test } from "vitest";
import { MalformedError } from "../../wire/index.js";
import { RowMasker } from "./masking.js";
import { RowBatch } from "./row-batch.js";

type Cells = readonly (Buffer | null)[];

function row(cells: Cells): Buffer {
  const parts: Buffer[] = [Buffer.alloc(7)];
  parts[0]!.write("D");
  parts[0]!.writeInt16BE(cells.length, 5);
  for (const cell of cells) {
    const size = Buffer.alloc(4);
    size.writeInt32BE(cell?.length ?? -1);
    parts.push(size);
    if (cell !== null) parts.push(cell);
  }
  const bytes = Buffer.concat(parts);
  bytes.writeInt32BE(bytes.length - 1, 1);
  return bytes;
}

const cell = fc.option(fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)));
/** What becomes of a column's values: untouched, NULL, or bytes of some length. */
const column = fc.oneof(
  fc.constant("keep" as const),
  fc.constant(null),
  fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
);

test("masked rows are the rows with their cells replaced, growing or shrinking, in place or not", () => {
  fc.assert(
    fc.property(
      fc
        .array(column, { minLength: 1, maxLength: 6 })
        .chain((columns) =>
          fc.tuple(
            fc.constant(columns),
            fc.array(fc.tuple(...columns.map(() => cell)), { minLength: 1, maxLength: 20 }),
          ),
        ),
      ([columns, rows]) => {
        const masker = new RowMasker(columns.map((value) => (value === "keep" ? null : () => value)));
        const chunk = Buffer.concat([Buffer.from("before"), ...rows.map(row), Buffer.from("behind")]);
        const batch = new RowBatch();
        let at = 6;
        let masked = 0;
        for (const cells of rows) {
          const { length } = row(cells);
          masked += masker.mask(chunk, at, length, batch);
          at += length;
        }
        const expected = rows.map((cells) =>
          cells.map((value, i) => (value === null || columns[i] === "keep" ? value : (columns[i] as Buffer | null))),
        );
        expect(batch.take()).toEqual(Buffer.concat(expected.map(row)));
        expect(chunk.subarray(0, 6).toString()).toBe("before");
        expect(chunk.subarray(-6).toString()).toBe("behind");
        expect(masked).toBe(
          rows.flatMap((cells) => cells.filter((value, i) => value !== null && columns[i] !== "keep")).length,
        );
      },
    ),
  );
});

test("values of the same length are written over, nothing is copied", () => {
  const chunk = Buffer.concat([row([Buffer.from("abc"), Buffer.from("x")]), row([Buffer.from("def"), null])]);
  const length = row([Buffer.from("abc"), Buffer.from("x")]).length;
  const batch = new RowBatch();
  const masker = new RowMasker([() => Buffer.from("***"), null]);
  masker.mask(chunk, 0, length, batch);
  masker.mask(chunk, length, chunk.length - length, batch);
  const out = batch.take()!;
  expect(out.buffer).toBe(chunk.buffer);
  expect(out).toEqual(Buffer.concat([row([Buffer.from("***"), Buffer.from("x")]), row([Buffer.from("***"), null])]));
});

test("what was masked is read by pg-protocol", async () => {
  const chunk = row([Buffer.from("secret"), Buffer.from("kept"), null]);
  const batch = new RowBatch();
  new RowMasker([() => Buffer.from("a much longer value than it was"), null, () => null]).mask(
    chunk,
    0,
    chunk.length,
    batch,
  );
  const seen: unknown[] = [];
  await parse(Readable.from([batch.take()!]), (message) => seen.push(message));
  expect(seen).toMatchObject([{ name: "dataRow", fields: ["a much longer value than it was", "kept", null] }]);
});

test("a row that lies about itself is refused", () => {
  const masker = new RowMasker([() => null, null]);
  const lies = [row([null]), row([Buffer.from("a"), null, null])];
  const long = row([Buffer.from("abc"), null]);
  long.writeInt32BE(100, 7);
  const negative = row([Buffer.from("abc"), null]);
  negative.writeInt32BE(-2, 7);
  for (const bytes of [...lies, long, negative]) {
    expect(() => masker.mask(bytes, 0, bytes.length, new RowBatch())).toThrow(MalformedError);
  }
});
