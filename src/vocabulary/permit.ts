import type { StatementId } from "./ids.js";

/** What a permit opens: the client's own statement, a rehearsal, reading catalogue and plans, running users and rotation. */
export type PermitPurpose = "forward" | "rehearse" | "inspect" | "operate";

declare const minted: unique symbol;

/** The value that proves a statement was allowed. Only `policy/permit.ts` mints it; it names its statement. */
export interface Permit {
  readonly [minted]: true;
  readonly statement: StatementId;
  readonly purpose: PermitPurpose;
}
