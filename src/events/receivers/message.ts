import { short } from "../catalogue/define.js";
import type { Cause, EventDraft } from "../event.js";

/** What receivers are told, before each puts it into its own form. */
export interface Message {
  /** The delivery's: the same for each attempt, so that a receiver can tell that it had it already. */
  readonly id: string;
  readonly rule: string;
  readonly event: EventDraft;
  /** Events that were counted. */
  readonly events: number;
  /** How often the rule stayed quiet before. */
  readonly quiet: number;
  readonly cause: readonly Cause[];
  /** A sentence of whoever wrote the rule; null: none. */
  readonly text: string | null;
  /** Where the event is shown. */
  readonly link: string;
}

/** One line: `three-denied-deletes: statement.denied by ada on pg-demo (3 events)`. Without anything that could end a line. */
export function titleOf({ rule, event, events }: Message): string {
  const by = event.subject === null ? "" : ` by ${event.subject.name}`;
  const on = event.connection === null ? "" : ` on ${event.connection}`;
  const many = events > 1 ? ` (${events} events)` : "";
  return oneLine(`${rule}: ${event.type}${by}${on}${many}`);
}

export function factsOf({ rule, event, events, quiet }: Message): readonly (readonly [string, string])[] {
  const facts: (readonly [string, string])[] = [
    ["Rule", rule],
    ["Event", event.type],
    ["When", new Date(event.at).toISOString()],
  ];
  if (event.subject !== null) facts.push(["Subject", event.subject.name]);
  if (event.connection !== null) facts.push(["Connection", event.connection]);
  if (event.session !== null) facts.push(["Session", event.session]);
  const { shown, reasons } = event.data as { shown?: unknown; reasons?: readonly { text?: unknown }[] };
  if (typeof shown === "string") facts.push(["Statement", shown]);
  for (const reason of (Array.isArray(reasons) ? reasons : []).slice(0, 3)) facts.push(["Reason", String(reason.text)]);
  if (events > 1) facts.push(["Counted", String(events)]);
  if (quiet > 0) facts.push(["Kept quiet since", String(quiet)]);
  return facts.map(([name, value]) => [name, oneLine(value)]);
}

export const oneLine = (text: string): string => short(text.replaceAll(/\p{C}+/gu, " "));
