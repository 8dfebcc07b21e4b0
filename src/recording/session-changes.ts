import type { EntryBody } from "./entry.js";
import type { NewEntry } from "./new-entry.js";
import type { Actor } from "./recorder.js";

/** What a batch of entries changes in one session's summary. */
export interface SessionChange {
  opened: {
    readonly subject: string;
    readonly name: string;
    readonly connection: string;
    readonly protocol: string;
    readonly from: string;
    readonly refused: boolean;
    readonly at: number;
  } | null;
  closed: { readonly at: number; readonly reason: string } | null;
  statements: number;
  readonly verdicts: { allow: number; deny: number; hold: number; challenge: number };
}

/** What a batch changes in the summaries of its sessions. */
export function sessionChanges(entries: readonly NewEntry[]): ReadonlyMap<string, SessionChange> {
  const sessions = new Map<string, SessionChange>();
  for (const entry of entries) {
    if (entry.session === null) continue;
    let change = sessions.get(entry.session);
    if (change === undefined) {
      change = { opened: null, closed: null, statements: 0, verdicts: { allow: 0, deny: 0, hold: 0, challenge: 0 } };
      sessions.set(entry.session, change);
    }
    note(change, entry);
  }
  return sessions;
}

function note(change: SessionChange, entry: NewEntry): void {
  switch (entry.kind) {
    case "session-opened":
    case "session-refused": {
      const body = bodyOf(entry);
      const actor = body["actor"] as Actor;
      const refused = entry.kind === "session-refused";
      change.opened = {
        subject: actor.subject,
        // Whoever looks through sessions sees for whom a machine acted.
        name: actor.onBehalfOf === undefined ? actor.name : `${actor.name} for ${actor.onBehalfOf.name}`,
        connection: String(body["connection"]),
        protocol: String(body["protocol"]),
        from: String(body["from"]),
        refused,
        at: entry.time,
      };
      if (refused) change.closed = { at: entry.time, reason: "refused" };
      return;
    }
    case "statement": {
      change.statements += 1;
      const outcome = (entry.outcome ?? bodyOf(entry)["outcome"]) as keyof SessionChange["verdicts"];
      if (outcome in change.verdicts) change.verdicts[outcome] += 1;
      return;
    }
    case "session-closed":
      change.closed = { at: entry.time, reason: (bodyOf(entry)["reason"] as { readonly code: string }).code };
  }
}

const bodyOf = (entry: NewEntry) => JSON.parse(entry.body.toString("utf8")) as EntryBody;
