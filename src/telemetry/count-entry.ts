import type { Counters } from "./counters.js";

/** A recording's entry, as far as it is counted; the recorder's drafts are such. */
export type CountedEntry =
  | { readonly kind: "statement"; readonly outcome: keyof Counters["statements"] }
  | {
      readonly kind: "statement-finished";
      readonly outcome: keyof Counters["results"];
      readonly rows: number;
      readonly bytes: number;
      readonly maskedCells: number;
    }
  | { readonly kind: "session-opened" | "session-refused"; readonly protocol: string }
  | { readonly kind: "session-closed"; readonly bytesIn: number; readonly bytesOut: number }
  | { readonly kind: "session-ready" | "screen" | "warning" | "change" };

/** Adds one entry to the counters. On the hot path: no object is made. */
export function countEntry(counters: Counters, entry: CountedEntry): void {
  switch (entry.kind) {
    case "statement":
      counters.statements[entry.outcome] += 1;
      return;
    case "statement-finished":
      counters.results[entry.outcome] += 1;
      counters.rows += entry.rows;
      counters.replyBytes += entry.bytes;
      counters.maskedCells += entry.maskedCells;
      return;
    case "session-opened":
      counters.opened.add(entry.protocol);
      return;
    case "session-refused":
      counters.refused.add(entry.protocol);
      return;
    case "session-closed":
      counters.bytesIn += entry.bytesIn;
      counters.bytesOut += entry.bytesOut;
      return;
    case "warning":
      counters.warnings += 1;
      return;
    default:
  }
}
