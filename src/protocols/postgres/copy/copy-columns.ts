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
    text: "SELECT attrelid, attnum, atttypid FROM pg_catalog.pg_attribute WHERE attrelid = ANY($1::pg_catalog.oid[])",
    values: [Buffer.from(`{${relations.join(",")}}`)],
  };
}

export function copyColumns({ fields, rows }: OwnAnswer, masks: MaskPlan): readonly ColumnOrigin[] {
  if (fields !== null) return fields;
  const types = new Map(rows.map(([relation, number, type]) => [`${relation}.${number}`, Number(type)]));
  return (masks.copy ?? []).map((key) => {
    const [relation, number] = key.split(".").map(Number);
    return { tableId: relation!, columnNumber: number!, typeId: types.get(key) ?? 0 };
  });
}
