import type { Dependence } from "./policy.js";

/** Where criteria leave word of what they depend on. */
export interface Looked {
  add(dependence: Dependence): void;
  /** Set where a criterion could not answer for want of the planner's estimate, which nobody has asked for yet. */
  pending?: boolean;
}

/** What a decision came to depend on. Shape always counts: every decision looks at the statement. */
export interface Collected extends Looked {
  readonly all: ReadonlySet<Dependence>;
  pending: boolean;
}

export function createLooked(): Collected {
  let all = shapeOnly;
  return {
    pending: false,
    add(dependence) {
      if (!all.has(dependence)) all = combined(all, dependence);
    },
    get all() {
      return all;
    },
  };
}

const shapeOnly: ReadonlySet<Dependence> = new Set(["shape"]);
const order: readonly Dependence[] = ["shape", "values", "clock", "budget", "freshness", "estimate"];
const known = new Map<string, ReadonlySet<Dependence>>([["shape", shapeOnly]]);

// There are few combinations: one set each, made once.
function combined(set: ReadonlySet<Dependence>, more: Dependence): ReadonlySet<Dependence> {
  const members = order.filter((one) => one === more || set.has(one));
  const key = members.join();
  let found = known.get(key);
  if (!found) {
    found = new Set(members);
    known.set(key, found);
  }
  return found;
}
