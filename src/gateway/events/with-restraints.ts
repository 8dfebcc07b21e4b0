import type { LiveRestraints } from "../../events/index.js";
import type { CompiledPolicy, Decision, Dependence, LivePolicySource, Situation } from "../../policy/index.js";
import type { ColumnMask, HoldTerms, Mask, RuleId, Subject } from "../../vocabulary/index.js";

type Masks = ReturnType<CompiledPolicy["masksFor"]>;

/**
 * The rules in force with what reactions have imposed on subjects for a time: what they ask waits for people, and columns are masked.
 * Nothing that policy refuses or masks is let through by it.
 */
export function withRestraints(source: LivePolicySource, restraints: LiveRestraints): LivePolicySource {
  // Another set whenever something was imposed or lifted: what others keep beside a set was decided without it.
  let known = new WeakMap<CompiledPolicy, CompiledPolicy>();
  const listeners = new Set<(set: CompiledPolicy) => void>();
  const restrained = (set: CompiledPolicy): CompiledPolicy => {
    let made = known.get(set);
    if (made === undefined) {
      const masks = new WeakMap<Masks["masks"], Map<string, readonly ColumnMask[]>>();
      made = {
        ...set,
        decide: (situation) => held(set.decide(situation), situation, restraints),
        masksFor(subject, connection, now, purpose) {
          return tightened(set.masksFor(subject, connection, now, purpose), subject, restraints, masks);
        },
      };
      known.set(set, made);
    }
    return made;
  };
  restraints.watch(({ kind }) => {
    if (kind !== "review" && kind !== "masks") return;
    known = new WeakMap();
    const set = restrained(source.current());
    for (const listener of [...listeners]) listener(set);
  });
  return {
    ...source,
    current: () => restrained(source.current()),
    watch(listener) {
      const mine = (set: CompiledPolicy) => listener(set);
      listeners.add(mine);
      const stop = source.watch((set) => listener(restrained(set)));
      return () => {
        listeners.delete(mine);
        stop();
      };
    },
  };
}

function whose({ id, onBehalfOf }: Subject): readonly string[] {
  return onBehalfOf === undefined ? [id] : [id, onBehalfOf.id];
}

function imposedOn(subject: Subject, restraints: LiveRestraints, kind: "review" | "masks") {
  return whose(subject).flatMap((id) => restraints.of(id, kind));
}

const withClock = (dependsOn: ReadonlySet<Dependence>): ReadonlySet<Dependence> => new Set([...dependsOn, "clock"]);

function held(decision: Decision, { subject, analysis }: Situation, restraints: LiveRestraints): Decision {
  const { verdict } = decision;
  if (verdict.outcome === "deny") return decision;
  const imposed = imposedOn(subject, restraints, "review");
  // Opening a connection, and what does nothing (BEGIN, SHOW), need nobody to look at.
  if (imposed.length === 0 || analysis.effects.every((effect) => effect === "connect")) return decision;
  const reasons = imposed.map(({ rule, until }) => ({
    rule: rule as RuleId,
    code: "reaction-holds",
    text: `reaction "${rule}" has what this subject asks looked at, until ${new Date(until).toISOString()}`,
  }));
  const holds = imposed.map(({ terms }) => (terms as unknown as { readonly hold: HoldTerms }).hold);
  return {
    ...decision,
    dependsOn: withClock(decision.dependsOn),
    verdict: {
      ...verdict,
      // A second factor is asked first, and then it is decided again.
      outcome: verdict.outcome === "challenge" ? "challenge" : "hold",
      reasons: [...verdict.reasons, ...reasons],
      holds: [...(verdict.holds ?? []), ...holds],
    },
  };
}

function tightened(
  found: Masks,
  subject: Subject,
  restraints: LiveRestraints,
  made: WeakMap<Masks["masks"], Map<string, readonly ColumnMask[]>>,
): Masks {
  const imposed = imposedOn(subject, restraints, "masks");
  if (imposed.length === 0) return found;
  const key = imposed.map(({ id }) => id).join();
  const lists = made.get(found.masks) ?? new Map<string, readonly ColumnMask[]>();
  made.set(found.masks, lists);
  let masks = lists.get(key);
  if (masks === undefined) {
    const more = imposed.flatMap(({ rule, terms }) => {
      const { columns, method } = terms as { readonly columns: readonly string[]; readonly method: Mask["method"] };
      return columns.map((pattern): ColumnMask => ({ rule, pattern, mask: { method } as Mask }));
    });
    // First, so that they win: they show nothing at all.
    masks = [...more, ...found.masks];
    lists.set(key, masks);
  }
  return { ...found, masks, dependsOn: withClock(found.dependsOn) };
}
