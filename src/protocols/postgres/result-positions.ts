import type { MaskPlan, PositionMask } from "../../vocabulary/index.js";
import type { ColumnOrigin } from "./statements.js";

type Field = Pick<ColumnOrigin, "tableId" | "columnNumber">;

/**
 * The plan's positions for a result, when the server's own description of it says nothing else: as many columns, and where it names
 * an origin, that one. Null: they were made for another result, or not at all; then each column counts by its origin alone.
 */
export function agreeing(fields: readonly Field[], plan: MaskPlan, statement: number): readonly PositionMask[] | null {
  const positions = plan.results?.[statement] ?? null;
  if (positions === null || positions.length !== fields.length) return null;
  return positions.every((position, at) => agrees(position, fields[at]!, plan)) ? positions : null;
}

function agrees({ origins, named, mask }: PositionMask, { tableId, columnNumber }: Field, plan: MaskPlan): boolean {
  if (tableId === 0) return !named;
  if (origins.has(`${tableId}.${columnNumber}`)) return true;
  // A whole row has no number; a system column has a negative one, and nothing of a user's in it.
  if (columnNumber === 0) return !named;
  const ofSystem = plan.system?.has(String(tableId)) === true;
  return !named && (ofSystem || (columnNumber < 0 && mask === null));
}
