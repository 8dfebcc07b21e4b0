import type { Catalogue, ColumnMask, Mask, MaskPlan, Reason } from "../vocabulary/index.js";

/** What the plan needs to know of an analysis; `sql/analyser.ts` gives it, another language may. */
export interface PlanInput {
  readonly reach: readonly number[];
  readonly columns: readonly {
    readonly relation: number | null;
    readonly name: string;
    readonly use: "output" | "computed" | "predicate" | "presence" | "sink" | "target";
  }[];
  /** What each position of each statement's result can come from; null or missing: not known. */
  readonly results?:
    | readonly (
        | readonly {
            readonly sources: readonly {
              readonly relation: number | null;
              readonly name: string;
              readonly kind: "own" | "presence" | "distinct" | "made";
              readonly via: boolean;
            }[];
            readonly plain: boolean;
          }[]
        | null
      )[]
    | undefined;
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
  | {
      readonly outcome: "plan";
      readonly masks: MaskPlan | null;
      /** What must hold besides, each time such a statement is asked; absent: nothing. */
      readonly conditions?: PlanConditions | undefined;
    }
  | { readonly outcome: "deny"; readonly reasons: readonly Reason[] };

export interface PlanConditions {
  /** Rules whose masked columns decide something in it, with how many such statements an hour they let pass. */
  readonly budgets: readonly { readonly rule: string; readonly statementsPerHour: number }[];
  /** Masks of the columns that it writes to: a value that looks like one of them must not be written back. */
  readonly written: readonly Mask[];
}

export type PlanMasks = (input: PlanInput, catalogue: Catalogue, masks: readonly ColumnMask[]) => Planned;
