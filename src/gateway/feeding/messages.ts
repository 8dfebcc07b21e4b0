import type { FedStep, FedTip, Stretch } from "../../recording/index.js";
import type { StoreWay } from "../../storage/connect-store.js";
import type { ErrorCode } from "../../vocabulary/index.js";

/** What the thread is started with. */
export interface FeedingSetup {
  readonly chain: string;
  readonly folder: string;
  readonly store: StoreWay;
  readonly slowMs: number;
}

export type ToFeeding =
  | { readonly kind: "feed"; readonly begin: boolean; readonly stretch: Stretch; readonly fed: FedTip }
  | { readonly kind: "close" };

export type FromFeeding =
  | { readonly kind: "fed"; readonly step: FedStep }
  | {
      readonly kind: "failed";
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint: string | undefined;
      /** For the log. */
      readonly cause: string | undefined;
    };
