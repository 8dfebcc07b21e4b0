import type { EventDraft } from "../event.js";
import type { Rule } from "./compile.js";

/** What is remembered of one rule and key: plain data, kept in the store. */
export interface Window {
  /** Newest last; never more than the rule counts to. */
  readonly hits: readonly { readonly at: number; readonly event: string }[];
  /** When it fired last; null: not yet, or so long ago that it does not matter. */
  readonly firedAt: number | null;
  /** What would have fired since. */
  readonly quiet: number;
}

export const emptyWindow: Window = { hits: [], firedAt: null, quiet: 0 };

export interface Stepped {
  readonly window: Window;
  /** Null: nothing is done. The events that were counted, and how often it stayed quiet before. */
  readonly fired: { readonly events: readonly string[]; readonly quiet: number } | null;
  /** It would have fired, were it not to be quiet still. */
  readonly kept: boolean;
}

/** One more event that matches. Pure: time is the events' own, so that a replay counts alike. */
export function stepWindow(
  rule: Pick<Rule, "count" | "quietMs">,
  window: Window,
  event: Pick<EventDraft, "id" | "at">,
): Stepped {
  const { count, quietMs } = rule;
  if (window.hits.some((hit) => hit.event === event.id)) return { window, fired: null, kept: false };
  const isQuiet = quietMs > 0 && window.firedAt !== null && event.at < window.firedAt + quietMs;
  const since = count === null ? 0 : event.at - count.withinMs;
  // Events of several replicas may come a little out of order.
  const hits = window.hits.filter(({ at }) => at > since);
  const late = hits.length > 0 && hits.at(-1)!.at > event.at;
  hits.push({ at: event.at, event: event.id });
  if (late) hits.sort((a, b) => a.at - b.at);
  if (count !== null && hits.length < count.atLeast) return { window: { ...window, hits }, fired: null, kept: false };
  if (isQuiet) return { window: { ...window, hits: [], quiet: window.quiet + 1 }, fired: null, kept: true };
  return {
    window: { hits: [], firedAt: event.at, quiet: 0 },
    fired: { events: hits.map((hit) => hit.event), quiet: window.quiet },
    kept: false,
  };
}

/** Until when a window matters, milliseconds since the epoch. */
export function windowEnds(rule: Pick<Rule, "count" | "quietMs">, window: Window): number {
  const lastHit = window.hits.at(-1)?.at ?? 0;
  return Math.max(lastHit + (rule.count?.withinMs ?? 0), (window.firedAt ?? 0) + rule.quietMs);
}
