import type { CompiledPolicy, LivePolicySource } from "../policy/index.js";
import type { GrantSource } from "../vocabulary/index.js";

/** The rules in force, with what each subject was granted for a time: whoever asks for a decision gets both. */
export function withGrants(source: LivePolicySource, grants: GrantSource): LivePolicySource {
  // The same set for the same rules: what others keep beside a set stays valid.
  const known = new WeakMap<CompiledPolicy, CompiledPolicy>();
  const granted = (set: CompiledPolicy): CompiledPolicy => {
    let made = known.get(set);
    if (made === undefined) {
      made = {
        ...set,
        decide(situation) {
          const own = situation.grants ?? grants.of(situation.subject.id);
          return set.decide(own.length === 0 ? situation : { ...situation, grants: own });
        },
      };
      known.set(set, made);
    }
    return made;
  };
  return {
    ...source,
    current: () => granted(source.current()),
    watch: (listener) => source.watch((set) => listener(granted(set))),
  };
}
