import type { Budgets } from "../budgets/index.js";
import type { BudgetCharge } from "../policy/policy.js";
import type { Meter, MeteredSubjects, Stopped } from "../protocol/index.js";
import type { Spent } from "../recording/recorder.js";
import type { MaskPlan } from "../vocabulary/index.js";
import { roomHint, usedUpReason } from "./budget-words.js";

/** A budget of people's data, with where in the result their names stand. */
export interface SubjectCharge {
  readonly charge: BudgetCharge;
  readonly plan: MaskPlan;
}

export interface ChargingOptions {
  readonly budgets: Budgets;
  readonly asker: string;
  readonly charges: readonly BudgetCharge[];
  readonly subjects: readonly SubjectCharge[];
  /** A budget that only warns was passed just now. */
  crossed(charge: BudgetCharge, used: number): void;
}

/** Counts one statement that was let through against its budgets. */
export class Charging implements Meter {
  readonly subjects: readonly MeteredSubjects[];
  readonly #options: ChargingOptions;
  readonly #counted: readonly BudgetCharge[];
  readonly #spent = new Map<BudgetCharge, number>();
  #stop: BudgetCharge | null = null;
  /** Its protocol counts row by row; one that does not is charged when the reply is over. */
  #asked = false;

  constructor(options: ChargingOptions) {
    this.#options = options;
    this.#counted = options.charges.filter(({ key }) => key.measure === "rows" || key.measure === "bytes");
    this.subjects = options.subjects.map(({ charge, plan }) => ({ plan, see: (value) => this.#see(charge, value) }));
  }

  /** Whether anything of the reply is counted. */
  get meters(): boolean {
    return this.#counted.length + this.subjects.length > 0;
  }

  /** So many statements are let through. */
  statements(count: number): void {
    for (const charge of this.#options.charges) if (charge.key.measure === "statements") this.#charge(charge, count);
  }

  row(bytes: number): boolean {
    this.#asked = true;
    const { budgets } = this.#options;
    // All of them first: what is refused is charged to none.
    for (const charge of this.#counted) {
      if (charge.then !== "stop") continue;
      if (budgets.usage(charge.key) + amountOf(charge, bytes) <= charge.limit) continue;
      this.#stop = charge;
      return false;
    }
    for (const charge of this.#counted) this.#charge(charge, amountOf(charge, bytes));
    return true;
  }

  stopped(): Stopped {
    const charge = this.#stop;
    if (charge === null) return { reasons: [] };
    const { budgets, asker } = this.#options;
    const used = budgets.usage(charge.key);
    return {
      reasons: [usedUpReason(charge, used, asker)],
      hint: roomHint(charge.key, budgets.roomAt(charge.key, charge.limit)),
    };
  }

  /** A reply, or a part of it, is over: what it took, for the record. */
  over(rows: number, bytes: number): readonly Spent[] | undefined {
    if (!this.#asked)
      for (const charge of this.#counted) {
        const amount = charge.key.measure === "rows" ? rows : bytes;
        if (amount > 0) this.#charge(charge, amount);
      }
    if (this.#spent.size === 0) return undefined;
    const { budgets } = this.#options;
    const spent = [...this.#spent].map(([{ key, limit }, amount]) => ({
      rule: key.rule,
      measure: key.measure,
      window: key.window,
      amount,
      used: budgets.usage(key),
      limit,
    }));
    this.#spent.clear();
    return spent;
  }

  #see(charge: BudgetCharge, value: Uint8Array): boolean {
    this.#asked = true;
    const { budgets } = this.#options;
    const before = budgets.usage(charge.key);
    if (charge.then === "stop") {
      if (!budgets.seeWithin(charge.key, value, charge.limit)) {
        this.#stop = charge;
        return false;
      }
    } else budgets.see(charge.key, value);
    const after = budgets.usage(charge.key);
    if (after > before) this.#note(charge, after - before, after);
    return true;
  }

  #charge(charge: BudgetCharge, amount: number): void {
    this.#note(charge, amount, this.#options.budgets.charge(charge.key, amount));
  }

  #note(charge: BudgetCharge, amount: number, after: number): void {
    this.#spent.set(charge, (this.#spent.get(charge) ?? 0) + amount);
    const crosses = after > charge.limit && after - amount <= charge.limit;
    if (charge.then === "warn" && crosses) this.#options.crossed(charge, after);
  }
}

function amountOf({ key }: BudgetCharge, bytes: number): number {
  return key.measure === "rows" ? 1 : bytes;
}
