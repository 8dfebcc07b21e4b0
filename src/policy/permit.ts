import { HoopError, type Permit, type PermitPurpose, type StatementId } from "../vocabulary/index.js";
import type { MintPermit } from "./policy.js";

/** Known to nobody outside of this file: whoever gets hold of the class through a permit can make none with it. */
const mint = Symbol("mint");

let isMinted: (value: object) => value is Permit;

/** A permit is known by its brand, which only the constructor gives: what has none is an object that looks like one. */
class Minted {
  readonly #minted: true;
  readonly statement: StatementId;
  readonly purpose: PermitPurpose;

  constructor(key: symbol, statement: StatementId, purpose: PermitPurpose) {
    if (key !== mint) throw new HoopError("internal", "a permit is made by nobody but its mint");
    this.#minted = true;
    this.statement = statement;
    this.purpose = purpose;
  }

  static {
    // Only the class's own body can look at the brand; as no property of the class it cannot be replaced either.
    isMinted = (value): value is Permit => #minted in value && value.#minted;
  }
}

/** Mints the value that opens the way; the only place that does. Throws HoopError `internal` unless the decision allows. */
export const mintPermit: MintPermit = (decision, statement, purpose) => {
  if (decision.verdict.outcome !== "allow") {
    throw new HoopError("internal", "a permit was asked for a statement that is not allowed");
  }
  return Object.freeze(new Minted(mint, statement, purpose)) as unknown as Permit;
};

/** Whether this is a permit of ours, for that statement and purpose where they are named. */
export function isPermit(value: unknown, statement?: StatementId, purpose?: PermitPurpose): value is Permit {
  if (typeof value !== "object" || value === null || !isMinted(value)) return false;
  return (
    (statement === undefined || value.statement === statement) && (purpose === undefined || value.purpose === purpose)
  );
}
