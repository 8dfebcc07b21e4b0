/**
 * What masking one column costs: CPU time a row of `COPY … TO STDOUT` and of a result, by the masks that are used most.
 * `node scripts/run.mjs bench/micro/mask [rows]`
 */
import { createCellMasker } from "../../src/masking/index.js";
import { MessageWriter } from "../../src/protocols/postgres/codec/writer.js";
import type { CopyMasker } from "../../src/protocols/postgres/copy/copy-masker.js";
import { readCopyOptions } from "../../src/protocols/postgres/copy/copy-options.js";
import { CsvCopyMasker } from "../../src/protocols/postgres/copy/csv-copy-masker.js";
import { TextCopyMasker } from "../../src/protocols/postgres/copy/text-copy-masker.js";
import { RowMasker } from "../../src/protocols/postgres/masking.js";
import { RowBatch } from "../../src/protocols/postgres/row-batch.js";
import type { Mask } from "../../src/vocabulary/index.js";

const rows = Number(process.argv[2] ?? 300_000);
const rounds = 9;
const key = Buffer.alloc(32, 7);

function cells(n: number, width: number): Buffer[] {
  return [String(10_000_000 + n), `user${10_000_000 + n}@example.org`, "x".repeat(width)].map((text) =>
    Buffer.from(text),
  );
}

const messages: Record<string, (n: number, width: number) => Buffer> = {
  text: (n, width) => line(cells(n, width).join("\t")),
  csv: (n, width) => line(cells(n, width).join(",")),
  row: (n, width) => {
    const writer = new MessageWriter(1500).begin("D".charCodeAt(0)).int16(3);
    for (const cell of cells(n, width)) writer.value(cell);
    return writer.end().take();
  },
};

function line(text: string): Buffer {
  return new MessageWriter(1500)
    .begin("d".charCodeAt(0))
    .bytes(Buffer.from(`${text}\n`))
    .end()
    .take();
}

function maskerFor(kind: string, mask: Mask): Pick<CopyMasker, "mask"> {
  const columns = [null, createCellMasker(mask, key), null];
  if (kind === "row") return new RowMasker(columns);
  if (kind === "csv") return new CsvCopyMasker(columns, readCopyOptions("copy t to stdout (format csv)")!);
  return new TextCopyMasker(columns, readCopyOptions("copy t to stdout")!);
}

/** The smallest time a row over the rounds, in nanoseconds. */
function measure(kind: string, mask: Mask, width: number): number {
  const each: Buffer[] = [];
  for (let bytes = 0, n = 0; bytes < 60_000; n++) {
    each.push(messages[kind]!(n, width));
    bytes += each.at(-1)!.length;
  }
  const chunk = Buffer.concat(each);
  const masker = maskerFor(kind, mask);
  const batch = new RowBatch();
  const work = Buffer.alloc(chunk.length);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    let done = 0;
    while (done < rows / rounds) {
      chunk.copy(work);
      let at = 0;
      for (const { length } of each) {
        masker.mask(work, at, length, batch);
        at += length;
      }
      batch.take();
      done += each.length;
    }
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, ((user + system) * 1000) / done);
  }
  return best;
}

const masks: Record<string, Mask> = {
  email: { method: "partial", as: "email" },
  redact: { method: "redact" },
  null: { method: "null" },
};
for (const kind of Object.keys(messages)) {
  for (const [name, mask] of Object.entries(masks)) {
    const [small, large] = [65, 989].map((width) => measure(kind, mask, width).toFixed(0));
    console.log(
      `${kind.padEnd(5)} ${name.padEnd(7)} ${small!.padStart(6)} ns a row of 100 B  ${large!.padStart(6)} ns a row of 1 KB`,
    );
  }
}
