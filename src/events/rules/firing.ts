import type { Cause, EventDraft } from "../event.js";
import { eventId } from "../event-id.js";
import type { Rule } from "./compile.js";

/** A rule that fired. */
export interface Firing {
  /** Made from the rule and the event: fired by two replicas, it is the same. */
  readonly id: string;
  readonly rule: string;
  readonly event: EventDraft;
  /** Events that were counted, the last one included. */
  readonly events: readonly string[];
  /** How often it would have fired since it did last, and stayed quiet. */
  readonly quiet: number;
  /** The event's own chain and this firing. */
  readonly cause: readonly Cause[];
}

export const maxDepth = 5;

/**
 * Why a rule does not look at an event that a rule led to; null: it may. The same rule never answers what it led to itself, and no
 * chain grows beyond its limit.
 */
export function guarded(rule: string, { cause }: Pick<EventDraft, "cause">): string | null {
  if (cause.some((link) => link.rule === rule)) return "the rule led to this event itself";
  return cause.length >= maxDepth ? `${cause.length} rules led to this event, one after the other` : null;
}

export function firingOf(
  rule: Pick<Rule, "name">,
  event: EventDraft,
  counted: { readonly events: readonly string[]; readonly quiet: number },
): Firing {
  return {
    id: eventId("firing", rule.name, event.id),
    rule: rule.name,
    event,
    ...counted,
    cause: [...event.cause, { event: event.id, rule: rule.name, run: null }],
  };
}
