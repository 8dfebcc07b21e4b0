import type { Cause } from "../event.js";
import type { EntryView, SessionFacts } from "./entry-view.js";

/** What an entry that begins a session tells of it; null: it begins none. */
export function sessionFacts({ kind, body }: EntryView): SessionFacts | null {
  if (kind !== "session-opened" && kind !== "session-refused") return null;
  const actor = body["actor"] as { readonly subject: string; readonly name: string };
  return {
    subject: actor.subject,
    name: actor.name,
    groups: (body["groups"] as readonly string[] | undefined) ?? [],
    connection: String(body["connection"]),
    cause: (body["cause"] as readonly Cause[] | undefined) ?? [],
  };
}
