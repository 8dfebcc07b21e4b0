import { HoopError, type Permit, type PermitPurpose, type StatementId } from "../vocabulary/index.js";
import type { MintPermit } from "./policy.js";

/** Every permit there is. What is not in here is an object that looks like one. */
const minted = new WeakSet<object>();

/** Mints the value that opens the way; the only place that does. Throws HoopError `internal` unless the decision allows. */
export const mintPermit: MintPermit = (decision, statement, purpose) => {
  if (decision.verdict.outcome !== "allow") {
    throw new HoopError("internal", "a permit was asked for a statement that is not allowed");
  }
  const permit = Object.freeze({ statement, purpose }) as unknown as Permit;
  minted.add(permit);
  return permit;
};

/** Whether this is a permit of ours, for that statement and purpose where they are named. */
export function isPermit(value: unknown, statement?: StatementId, purpose?: PermitPurpose): value is Permit {
  if (typeof value !== "object" || value === null || !minted.has(value)) return false;
  const permit = value as Permit;
  return (
    (statement === undefined || permit.statement === statement) && (purpose === undefined || permit.purpose === purpose)
  );
}
