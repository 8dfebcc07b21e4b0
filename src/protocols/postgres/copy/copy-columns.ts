import type { MaskPlan } from "../../../vocabulary/index.js";
import type { OwnAnswer, OwnQuestion } from "../session/own-work.js";
import type { TextCodec } from "../session/text.js";
import type { ColumnOrigin } from "../statements.js";

/** What to ask the target to learn the origin and types of a COPY's columns; null: nothing to ask. */
export function copyQuestion(query: string | null, masks: MaskPlan, codec: TextCodec): OwnQuestion | null {
  if (query !== null) return { text: codec.encode(query), describe: true };
  if (masks.copy === null || masks.copy.length === 0) return null;
  const relations = [...new Set(masks.copy.map((key) => key.split(".")[0]!))];
  return {
    // Servers before 12 have no generated columns, nor a column that tells.
    text: `SELECT attrelid, attnum, atttypid, COALESCE(pg_catalog.to_jsonb(a) ->> 'attgenerated', '') <> ''
      FROM pg_catalog.pg_attribute a WHERE attrelid = ANY($1::pg_catalog.oid[]) AND NOT attisdropped`,
    values: [Buffer.from(`{${relations.join(",")}}`)],
  };
}

export function copyColumns({ fields, rows }: OwnAnswer, masks: MaskPlan): readonly ColumnOrigin[] {
  if (fields !== null) return fields;
  const live = new Map(rows.map(([relation, number, ...rest]) => [`${relation}.${number}`, rest]));
  const columns: ColumnOrigin[] = [];
  for (const key of masks.copy ?? []) {
    const column = live.get(key);
    // The table is another than the plan was made for: which column stands where nobody knows.
    if (column === undefined) return [];
    const [type, generated] = column;
    // COPY leaves generated columns out.
    if (generated?.toString("latin1") === "t") continue;
    const [relation, number] = key.split(".").map(Number);
    columns.push({ tableId: relation!, columnNumber: number!, typeId: Number(type) });
  }
  return columns;
}
