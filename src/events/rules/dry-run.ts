import type { EventDraft } from "../event.js";
import type { Directory, Rule } from "./compile.js";
import { type Firing, firingOf, guarded } from "./firing.js";
import { emptyWindow, stepWindow, type Window } from "./window.js";

/** What a rule would have done with past events. */
export interface DryRun {
  readonly looked: number;
  readonly matched: number;
  readonly quiet: number;
  readonly guarded: number;
  readonly firings: readonly Firing[];
}

/** Firings that are told; the rest is counted. */
const maxFirings = 100;

/** Asks a rule about past events, oldest first. Nothing is done and nothing is kept. */
export async function dryRun(rule: Rule, events: AsyncIterable<EventDraft>, directory: Directory): Promise<DryRun> {
  const windows = new Map<string, Window>();
  const found = { looked: 0, matched: 0, quiet: 0, guarded: 0 };
  const firings: Firing[] = [];
  for await (const event of events) {
    found.looked += 1;
    if (!rule.matches(event, directory)) continue;
    found.matched += 1;
    if (guarded(rule.name, event) !== null) {
      found.guarded += 1;
      continue;
    }
    const key = rule.key(event);
    const { window, fired, kept } = stepWindow(rule, windows.get(key) ?? emptyWindow, event);
    windows.set(key, window);
    if (kept) found.quiet += 1;
    if (fired !== null && firings.length < maxFirings) firings.push(firingOf(rule, event, fired));
  }
  return { ...found, firings };
}
