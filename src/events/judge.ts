import type { HoopEvent } from "./event.js";
import { eventId } from "./event-id.js";
import type { Directory, Rule } from "./rules/compile.js";
import { firingOf, guarded } from "./rules/firing.js";
import { planFiring } from "./rules/plan-firing.js";
import type { RuleSet } from "./rules/rule-set.js";
import { emptyWindow, stepWindow, type Window, windowEnds } from "./rules/window.js";
import type { Judged, NewFiring, RuleCounts } from "./store.js";

interface Match {
  readonly rule: Rule;
  readonly event: HoopEvent;
  readonly key: string;
  /** Its window, by rule and key; null: the rule keeps none. */
  readonly place: string | null;
}

type Counts = { -readonly [Name in keyof RuleCounts]: RuleCounts[Name] };
type Windows = (
  wanted: readonly { readonly rule: string; readonly key: string }[],
) => Promise<ReadonlyMap<string, Window>>;

/** Asks every rule about new events, in their order. What cannot be asked costs that rule its say on that event, and is told. */
export async function judgeEvents(
  events: readonly HoopEvent[],
  set: RuleSet,
  directory: Directory,
  load: Windows,
): Promise<Judged> {
  const counts = new Map<string, Counts>();
  const matches = matchesOf(events, set, directory, counts);
  const places = new Map<string, { readonly rule: string; readonly key: string }>();
  for (const { rule, key, place } of matches)
    if (place !== null && !places.has(place)) places.set(place, { rule: rule.name, key });
  const before = places.size === 0 ? new Map<string, Window>() : await load([...places.values()]);
  const windows = new Map<string, { readonly rule: Rule; readonly key: string; readonly window: Window }>();
  const firings: NewFiring[] = [];
  for (const { rule, event, key, place } of matches) {
    const count = countsOf(counts, rule.name);
    count.matched += 1;
    if (guarded(rule.name, event) !== null) {
      count.guarded += 1;
      continue;
    }
    const last = place === null ? null : (windows.get(place)?.window ?? before.get(place));
    const { window, fired, kept } = stepWindow(rule, last ?? emptyWindow, event);
    if (place !== null) windows.set(place, { rule, key, window });
    if (kept) count.quiet += 1;
    if (fired === null) continue;
    if (rule.mode === "shadow") {
      count.shadowed += 1;
      continue;
    }
    count.fired += 1;
    firings.push(planFiring(rule, firingOf(rule, event, fired), set.receivers));
  }
  for (const event of events) {
    const settled = settling(event, set);
    if (settled !== null) firings.push(settled);
  }
  return {
    windows: [...windows.values()].map(({ rule, key, window }) => ({
      rule: rule.name,
      key,
      window,
      until: windowEnds(rule, window),
    })),
    firings,
    counts: [...counts.values()],
  };
}

const decided: ReadonlySet<string> = new Set(["review.approved", "review.denied", "review.expired"]);

/** What people decided on a review that a rule opened takes effect like a rule's own action. */
function settling(event: HoopEvent, set: RuleSet): NewFiring | null {
  if (!decided.has(event.type)) return null;
  const { review, rules, by, why } = event.data as {
    readonly why?: string;
    readonly review: string;
    readonly rules: readonly string[];
    readonly by?: { readonly name: string } | null;
  };
  // Approved and never used up by anybody: nobody waited at a desk for it.
  if (event.type === "review.expired" && why !== "undecided") return null;
  const rule = set.rules.find(
    ({ name, actions }) => rules.includes(name) && actions.some(({ kind }) => kind === "openReview"),
  );
  if (rule === undefined) return null;
  const id = eventId("settling", event.id);
  const action = { review, by: by?.name ?? null };
  const body = { action, event, events: 1, quiet: 0, cause: event.cause, rule: rule.name };
  return {
    id,
    rule: rule.name,
    body: { event, events: [event.id], quiet: 0, cause: event.cause, actions: ["settleReview"] },
    restraints: [],
    deliveries: [
      { id: eventId("delivery", id), step: 0, kind: "settleReview", target: "settleReview", ordered: false, body },
    ],
  };
}

const keepsWindow = ({ count, quietMs }: Rule) => count !== null || quietMs > 0;

function matchesOf(
  events: readonly HoopEvent[],
  set: RuleSet,
  directory: Directory,
  counts: Map<string, Counts>,
): readonly Match[] {
  const matches: Match[] = [];
  for (const event of events) {
    for (const rule of set.byType.get(event.type) ?? []) {
      try {
        if (!rule.matches(event, directory)) continue;
        const key = rule.key(event);
        matches.push({ rule, event, key, place: keepsWindow(rule) ? `${rule.name} ${key}` : null });
      } catch {
        countsOf(counts, rule.name).problem = `it could not be asked about event ${event.id}`;
      }
    }
  }
  return matches;
}

function countsOf(counts: Map<string, Counts>, rule: string): Counts {
  let found = counts.get(rule);
  if (found === undefined) {
    found = { rule, matched: 0, fired: 0, quiet: 0, guarded: 0, shadowed: 0, problem: null };
    counts.set(rule, found);
  }
  return found;
}
