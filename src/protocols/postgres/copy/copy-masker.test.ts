import fc from "fast-check";
import { expect, test } from "vitest";
import type { MaskPlan } from "../../../vocabulary/index.js";
import { MalformedError } from "../../../wire/index.js";
import { RowBatch } from "../row-batch.js";
import { TextCodec } from "../session/text.js";
import { type CopyMasker, createCopyMasker } from "./copy-masker.js";

const plan: MaskPlan = {
  columns: new Map([["9.2", { method: "fixed", value: "MASKED" }]]),
  proven: new Set(["9"]),
  others: { method: "redact" },
  text: null,
  copy: ["9.1", "9.2", "9.3"],
};

function masker(text: string, count = 3, more: Partial<MaskPlan> = {}): CopyMasker {
  const made = createCopyMasker({
    text,
    binary: /binary/.test(text),
    count,
    columns: null,
    plan: { ...plan, ...more },
    key: Buffer.alloc(32),
    codec: new TextCodec("UTF8"),
  });
  if (made === null || made === "unreadable") throw new Error(`no masker: ${made}`);
  return made;
}

function mask(copy: CopyMasker, rows: string): string {
  const bytes = Buffer.concat([Buffer.from("d\0\0\0\0"), Buffer.from(rows)]);
  bytes.writeInt32BE(bytes.length - 1, 1);
  const batch = new RowBatch();
  copy.mask(bytes, 0, bytes.length, batch);
  const out = batch.take()!;
  expect(out.readInt32BE(1)).toBe(out.length - 1);
  return out.subarray(5).toString();
}

const escaped = (value: string | null) =>
  value === null
    ? "\\N"
    : value.replace(
        /[\\\b\f\n\r\t\v]/g,
        (c) => `\\${{ "\\": "\\", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "\v": "v" }[c]}`,
      );
const cell = fc.option(fc.string({ unit: "grapheme" }).map((value) => value.replaceAll("\0", "")));

test("text: only the second column changes, whatever stands in the others", () => {
  fc.assert(
    fc.property(cell, cell, cell, (a, b, c) => {
      const row = `${[a, b, c].map(escaped).join("\t")}\n`;
      expect(mask(masker("copy t to stdout"), row)).toBe(
        `${[escaped(a), b === null ? "\\N" : "MASKED", escaped(c)].join("\t")}\n`,
      );
    }),
  );
});

const csvCell = (value: string | null) => (value === null ? "" : `"${value.replaceAll('"', '""')}"`);

test("csv: only the second column changes, whatever stands in the others", () => {
  fc.assert(
    fc.property(cell, cell, cell, (a, b, c) => {
      const row = `${[a, b, c].map(csvCell).join(",")}\n`;
      expect(mask(masker("copy t to stdout csv"), row)).toBe(
        `${[csvCell(a), b === null ? "" : '"MASKED"', csvCell(c)].join(",")}\n`,
      );
    }),
  );
});

test("several rows in one message, and a header that passes once", () => {
  expect(mask(masker("copy t to stdout"), "1\ta\tx\n2\tb\ty\n")).toBe("1\tMASKED\tx\n2\tMASKED\ty\n");
  expect(mask(masker("copy t to stdout csv header"), 'id,email,x\n1,a,"new\nline"\n2,b,y\n')).toBe(
    'id,email,x\n1,"MASKED","new\nline"\n2,"MASKED",y\n',
  );
});

test("what is cut off or has other columns than told is refused", () => {
  for (const rows of ["1\ta", "1\ta\\", "1\n", "1\ta\tb\tc\n1\ta\tb\n", "1\ta\tb\n1\n"]) {
    expect(() => mask(masker("copy t to stdout"), rows), rows).toThrow(MalformedError);
  }
  for (const rows of ['1,"a', "1\n"])
    expect(() => mask(masker("copy t to stdout csv"), rows), rows).toThrow(MalformedError);
  for (const rows of ["PGCOPY", "nothing of the kind at all, long enough"]) {
    expect(() => mask(masker("copy t to stdout binary"), rows), rows).toThrow(MalformedError);
  }
});

test("columns of unknown origin are all masked", () => {
  expect(mask(masker("copy t to stdout", 2, { copy: null }), "1\ta\n")).toBe("***\t***\n");
  expect(mask(masker("copy t to stdout", 2), "1\ta\n")).toBe("***\t***\n");
});
