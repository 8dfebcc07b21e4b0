import { Tally } from "../../../masking/index.js";
import { transactionStatus } from "../codec/types.js";
import { sqlState } from "../errors.js";
import type { Outbox } from "./outbox.js";
import type { Pending } from "./pending.js";

/** Writes down what became of each statement, when its reply is complete. */
export class FinishedNotes {
  readonly #out: Outbox;
  /** What was found in values since a statement last finished. */
  readonly detected = new Tally();
  /** Executed in this pipeline, and not committed yet: what changes definitions. */
  readonly #defined: Pending[] = [];

  constructor(out: Outbox) {
    this.#out = out;
  }

  /** A reply is complete. What was defined counts for others only when the transaction of its pipeline ends: then it is told. */
  finished(pending: Pending, outcome: "ok" | "suspended", status: number): void {
    const defines = pending.kind === "execute" && pending.portal?.changesCatalogue === true;
    if (defines && outcome === "ok" && status === transactionStatus.idle) this.#defined.push(pending);
    else this.note(pending, outcome);
  }

  /** The pipeline is over. */
  defined(): void {
    if (this.#defined.length > 0) for (const pending of this.#defined.splice(0)) this.note(pending, "ok");
  }

  note(pending: Pending, outcome: "ok" | "error" | "suspended" | "unknown"): void {
    if (pending.ask === 0) return;
    const { ask, rows, bytes, maskedCells, error, tag } = pending;
    // Replies come in order: what was found since the last statement finished was found in this one's.
    const detected = this.detected.take();
    this.#out.note({
      kind: "finished",
      ask,
      outcome: outcome === "error" && error?.code === sqlState.queryCanceled ? "cancelled" : outcome,
      rows,
      bytes,
      maskedCells,
      error,
      tag,
      detected,
    });
  }
}
