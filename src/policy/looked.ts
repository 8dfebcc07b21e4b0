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

const larger = new WeakMap<ReadonlySet<Dependence>, Map<Dependence, ReadonlySet<Dependence>>>();

// There are few combinations: one set each, made once, and each way from one to the next looked up once.
function combined(set: ReadonlySet<Dependence>, more: Dependence): ReadonlySet<Dependence> {
  const ways = larger.get(set) ?? new Map<Dependence, ReadonlySet<Dependence>>();
  let found = ways.get(more);
  if (!found) {
    const members = order.filter((one) => one === more || set.has(one));
    found = known.get(members.join()) ?? new Set(members);
    known.set(members.join(), found);
    larger.set(set, ways.set(more, found));
  }
  return found;
}
