import type { Catalogue } from "../../vocabulary/index.js";
import type { SqlContext } from "../analyser.js";
import type { SqlLimits } from "../limits.js";
import type { Analysed } from "../postgres/analyse.js";

/** What the pool tells a worker. Catalogues go ahead of the tasks that name them. */
export type ToWorker =
  | { readonly kind: "catalogue"; readonly id: string; readonly catalogue: Catalogue }
  | { readonly kind: "forget"; readonly id: string }
  | {
      readonly kind: "analyse";
      readonly task: number;
      readonly text: string;
      readonly context: SqlContext;
      readonly catalogue: string;
    };

/** What a worker tells the pool. After `poisoned` it wants to be replaced. */
export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "analysed"; readonly task: number; readonly result: Analysed }
  | { readonly kind: "poisoned"; readonly task: number; readonly reason: string };

export interface WorkerSetup {
  readonly limits: SqlLimits;
}
