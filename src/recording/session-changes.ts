import type { EntryBody } from "./entry.js";
import type { StoredEntry } from "./store.js";

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

/** An entry with what a store files it under. */
export interface FiledEntry extends StoredEntry {
  readonly kind: string;
  readonly time: number;
  readonly session: string | null;
}

/** Reads a batch for its store: each entry's columns, and what changes in the summaries of its sessions. */
export function fileEntries(entries: readonly StoredEntry[]): {
  readonly filed: readonly FiledEntry[];
  readonly sessions: ReadonlyMap<string, SessionChange>;
} {
  const sessions = new Map<string, SessionChange>();
  const filed = entries.map((entry) => {
    const body = JSON.parse(entry.body) as EntryBody;
    const session = typeof body["session"] === "string" ? body["session"] : null;
    if (session !== null) note(sessions, session, body);
    return { ...entry, kind: body.kind, time: body.time, session };
  });
  return { filed, sessions };
}

function note(sessions: Map<string, SessionChange>, session: string, body: EntryBody): void {
  let change = sessions.get(session);
  if (change === undefined) {
    change = { opened: null, closed: null, statements: 0, verdicts: { allow: 0, deny: 0, hold: 0, challenge: 0 } };
    sessions.set(session, change);
  }
  switch (body.kind) {
    case "session-opened":
    case "session-refused": {
      const actor = body["actor"] as { readonly subject: string; readonly name: string };
      const refused = body.kind === "session-refused";
      change.opened = {
        subject: actor.subject,
        name: actor.name,
        connection: String(body["connection"]),
        protocol: String(body["protocol"]),
        from: String(body["from"]),
        refused,
        at: body.time,
      };
      if (refused) change.closed = { at: body.time, reason: "refused" };
      return;
    }
    case "statement": {
      change.statements += 1;
      const outcome = body["outcome"] as keyof SessionChange["verdicts"];
      if (outcome in change.verdicts) change.verdicts[outcome] += 1;
      return;
    }
    case "session-closed":
      change.closed = { at: body.time, reason: (body["reason"] as { readonly code: string }).code };
  }
}
