import type { PolicySet } from "../../policy/policy.js";
import type { ColumnMask, Mask, PredicateRule, ScanRule } from "../../vocabulary/index.js";

type Masks = ReturnType<PolicySet["masksFor"]>;

const hides: Readonly<Record<Mask["method"], number>> = {
  null: 5,
  redact: 4,
  fixed: 3,
  tokenize: 2,
  hash: 1,
  partial: 0,
};

/**
 * The masks of both, so that neither sees through the other what it may not see itself. Where the two differ, the mask that hides
 * most comes first, however specific another is, and the stricter word on predicates and counts holds for all: rather too much
 * is hidden than too little. Equal pairs of lists give the very same list.
 */
export function createBothMasks(): (one: Masks, other: Masks) => Masks {
  const masks = pairs<readonly ColumnMask[]>(unionMasks);
  const scans = pairs<readonly ScanRule[]>(unionScans);
  return (one, other) => {
    const scan = scans(one.scans ?? none, other.scans ?? none);
    return {
      masks: masks(one.masks, other.masks),
      ...(scan.length > 0 ? { scans: scan } : null),
      dependsOn: new Set([...one.dependsOn, ...other.dependsOn]),
    };
  };
}

const none: readonly ScanRule[] = Object.freeze([]);

function pairs<List extends readonly unknown[]>(
  unite: (one: List, other: List) => List,
): (one: List, other: List) => List {
  const known = new WeakMap<List, WeakMap<List, List>>();
  return (one, other) => {
    if (one === other || other.length === 0) return one;
    if (one.length === 0) return other;
    let of = known.get(one);
    if (of === undefined) {
      of = new WeakMap();
      known.set(one, of);
    }
    let made = of.get(other);
    if (made === undefined) {
      made = unite(one, other);
      of.set(other, made);
    }
    return made;
  };
}

function unionMasks(one: readonly ColumnMask[], other: readonly ColumnMask[]): readonly ColumnMask[] {
  const all = different([...one, ...other]);
  if (all.length === one.length && all.length === other.length) return one;
  const predicates = strictestPredicates(all);
  const counts: ColumnMask["counts"] = all.some((mask) => mask.counts === "mask")
    ? "mask"
    : all.every((mask) => mask.counts === "allow")
      ? "allow"
      : undefined;
  // Sorting keeps the order of equals, most specific first.
  return Object.freeze(
    all.map((mask) => ({ ...mask, predicates, counts })).sort((a, b) => hides[b.mask.method] - hides[a.mask.method]),
  );
}

function strictestPredicates(all: readonly ColumnMask[]): PredicateRule | undefined {
  const first = all[0]?.predicates;
  return all.every((mask) => JSON.stringify(mask.predicates) === JSON.stringify(first)) ? first : "deny";
}

function unionScans(one: readonly ScanRule[], other: readonly ScanRule[]): readonly ScanRule[] {
  return Object.freeze(different([...one, ...other]).sort((a, b) => hides[b.mask.method] - hides[a.mask.method]));
}

function different<Item>(items: readonly Item[]): Item[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}
