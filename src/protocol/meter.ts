import type { MaskPlan, Reason } from "../vocabulary/index.js";

/**
 * Counts what of one reply goes to the client, before it goes. Asked once a row, answers at once: what others use of the same
 * budgets meanwhile is counted in the same place, so that two replies never both get the last row.
 */
export interface Meter {
  /** One row, or one message of a bulk copy, of so many bytes. False: it may not go to the client, nor anything behind it. */
  row(bytes: number): boolean;
  /** Whose data is counted by value; empty: nobody's. Looked at before `row`, with values as the target sent them. */
  readonly subjects: readonly MeteredSubjects[];
  /** Why it stopped. Asked after a false. */
  stopped(): Stopped;
}

/** Values of a result that name whom the data is about. */
export interface MeteredSubjects {
  /** Whatever it would mask is such a value. */
  readonly plan: MaskPlan;
  /** False: one more than may be seen. */
  see(value: Uint8Array): boolean;
}

export interface Stopped {
  readonly reasons: readonly Reason[];
  /** When there is room again, in words. */
  readonly hint?: string | undefined;
}
