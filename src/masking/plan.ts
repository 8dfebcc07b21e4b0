import type { Catalogue, ColumnMask, MaskPlan, Reason } from "../vocabulary/index.js";

/** What the plan needs to know of an analysis; `sql/analyser.ts` gives it, another language may. */
export interface PlanInput {
  readonly reach: readonly number[];
  readonly columns: readonly {
    readonly relation: number | null;
    readonly name: string;
    readonly use: "output" | "computed" | "predicate" | "sink" | "target";
  }[];
  readonly opaque: boolean;
  /** What it sets off cannot be read, and may raise messages. */
  readonly opaqueText?: boolean | undefined;
  readonly copy: readonly { readonly relation: number; readonly column: number }[] | null;
  /** The query of a bulk copy that does not describe its columns; null or missing: there is none. */
  readonly copyQuery?: string | null | undefined;
  /** What the statement touches by name, `pg_catalog.pg_stats`: the system's own relations have no id in the catalogue. */
  readonly resources?: readonly { readonly kind: string; readonly name: string }[] | undefined;
  /** Why it could not be read in full; not empty: it may do anything. */
  readonly unknowns?: readonly string[] | undefined;
  /** What it may do; missing: read. */
  readonly effects?: readonly string[] | undefined;
  /** This transaction has changed what names mean, and the catalogue cannot tell yet. */
  readonly unsettled?: boolean | undefined;
}

/** Either a plan (null: nothing to mask), or why the statement must not run at all. */
export type Planned =
  | { readonly outcome: "plan"; readonly masks: MaskPlan | null }
  | { readonly outcome: "deny"; readonly reasons: readonly Reason[] };

export type PlanMasks = (input: PlanInput, catalogue: Catalogue, masks: readonly ColumnMask[]) => Planned;
