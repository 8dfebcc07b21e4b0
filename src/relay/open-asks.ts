import type { SqlAnalysis } from "../sql/analyser.js";
import type { StatementId } from "../vocabulary/index.js";
import type { Charging } from "./charging.js";
import type { Standing as Approved } from "./considered.js";

/** What is kept of an ask until it is finished. */
export interface OpenAsk {
  readonly statement: StatementId;
  readonly since: number;
  readonly analysis: SqlAnalysis;
  readonly unsettled: boolean;
  readonly database: string;
  readonly approved: Approved | null;
  readonly charging: Charging | null;
}

/** Asks remembered for what comes after their answer; the oldest go first, a session has few open at a time. */
const maxOpen = 4096;

/** The asks of one session that were let through and are not finished. */
export class OpenAsks {
  readonly #open = new Map<number, OpenAsk>();

  remember(id: number, entry: OpenAsk): void {
    this.#open.set(id, entry);
    if (this.#open.size > maxOpen) this.#open.delete(this.#open.keys().next().value!);
  }

  get(id: number): OpenAsk | undefined {
    return this.#open.get(id);
  }

  forget(id: number): void {
    this.#open.delete(id);
  }
}
