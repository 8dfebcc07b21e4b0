import type { SqlAnalysis } from "../sql/analyser.js";
import { besideSql } from "../sql/beside-sql.js";
import type { Analysis, Catalogue, ColumnMask, MaskPlan } from "../vocabulary/index.js";

/** The catalogue of a target that has none. */
export const noCatalogue: Catalogue = {
  key: "",
  version: "",
  serverVersion: 0,
  relations: [],
  functions: [],
  systemFunctions: { immutable: [], stable: [], volatile: [] },
  searchPath: [],
  role: "",
  superuser: false,
};

const made = new WeakMap<Analysis, SqlAnalysis>();

/** A protocol's own word on its statement, as the gate keeps analyses: it reaches no relation and returns no column. */
export function plainAnalysis(analysis: Analysis): SqlAnalysis {
  let plain = made.get(analysis);
  if (plain === undefined) {
    plain = besideSql(analysis);
    made.set(analysis, plain);
  }
  return plain;
}

/** Masks for values that are named by their path in a body; null: nothing to mask. */
export function fieldPlan(masks: readonly ColumnMask[]): MaskPlan | null {
  if (masks.length === 0) return null;
  return { columns: new Map(), proven: new Set(), others: null, text: null, copy: null, fields: masks };
}
