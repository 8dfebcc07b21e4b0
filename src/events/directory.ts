import type { Connection, Subject } from "../vocabulary/index.js";
import type { EventDraft } from "./event.js";
import type { Directory } from "./rules/compile.js";

/** Who and what events name, looked up. */
export interface Lookups {
  readonly subject: (id: string) => Promise<Subject | null>;
  readonly connection: (name: string) => Connection | null;
}

const keptMs = 5_000;
const maxKept = 10_000;

/** Subjects are looked up before events are judged, and remembered a moment. */
export interface KnownDirectory extends Directory {
  prepare(events: readonly EventDraft[]): Promise<void>;
}

export function createDirectory({ subject, connection }: Lookups): KnownDirectory {
  const known = new Map<string, { readonly subject: Subject | null; readonly at: number }>();
  return {
    async prepare(events) {
      const now = Date.now();
      const ids = new Set(events.flatMap((event) => (event.subject === null ? [] : [event.subject.id])));
      if (known.size > maxKept) known.clear();
      for (const id of ids) {
        const before = known.get(id);
        if (id === "" || (before !== undefined && now - before.at < keptMs)) continue;
        known.set(id, { subject: await subject(id), at: now });
      }
    },
    subject: (id) => known.get(id)?.subject ?? null,
    connection,
  };
}
