import type { Analysis, Entry, Outcome, Reason } from "../../api/types.js";

export interface StatementItem {
  readonly kind: "statement";
  readonly key: string;
  readonly time: number;
  /** Literals are replaced; null: it could not be shown safely. */
  readonly shown: string | null;
  readonly cut: boolean;
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
  readonly policyVersion: string;
  readonly phase: string;
  readonly purpose: string;
  readonly analysis: Analysis | null;
  readonly finished: Finished | null;
  readonly seq: number;
  /** Which parts of it lie sealed. */
  readonly sealed: readonly ("text" | "values")[];
}

export interface Finished {
  readonly outcome: "ok" | "error" | "cancelled" | "suspended" | "unknown";
  readonly rows: number;
  readonly bytes: number;
  readonly maskedCells: number;
  readonly durationMs: number;
  readonly tag: string | null;
  readonly errorCode: string | null;
  /** How often each kind of value was found in the reply and masked. */
  readonly detected: Readonly<Record<string, number>>;
  /** The entry that has the sealed error text; null: there is none. */
  readonly errorSeq: number | null;
}

export interface MarkItem {
  readonly kind: "mark";
  readonly key: string;
  readonly time: number;
  readonly tone: "good" | "bad" | "warning" | "plain";
  readonly text: string;
  readonly reasons: readonly Reason[];
}

export type TimelineItem = StatementItem | MarkItem;

/** Entries as people read them: a statement with what came of it is one item. */
export function timelineOf(entries: readonly Entry[]): TimelineItem[] {
  const items: TimelineItem[] = [];
  const open = new Map<string, number>();
  for (const entry of entries) {
    if (entry.kind === "statement") {
      open.set(String(entry.statement), items.length);
      items.push(statementOf(entry));
      continue;
    }
    if (entry.kind === "statement-finished") {
      const at = open.get(String(entry.statement));
      const item = at === undefined ? undefined : items[at];
      if (at !== undefined && item?.kind === "statement") {
        items[at] = { ...item, finished: added(item.finished, finishedOf(entry)) };
        continue;
      }
    }
    items.push(markOf(entry));
  }
  return items;
}

const keyOf = (entry: Entry): string => `${entry.chain} ${entry.seq}`;
const count = (value: unknown): number => (typeof value === "number" ? value : 0);
const object = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
const reasonsOf = (entry: Entry): readonly Reason[] =>
  Array.isArray(entry.reasons) ? (entry.reasons as readonly Reason[]) : [];

function statementOf(entry: Entry): StatementItem {
  const analysis = object(entry.analysis);
  return {
    kind: "statement",
    key: keyOf(entry),
    time: entry.time,
    shown: typeof entry.shown === "string" ? entry.shown : null,
    cut: entry.shownCut === true,
    outcome: entry.outcome as Outcome,
    reasons: reasonsOf(entry),
    policyVersion: String(entry.policyVersion ?? ""),
    phase: String(entry.phase ?? ""),
    purpose: String(entry.purpose ?? "forward"),
    // A long one is sealed apart, and only its reference stands here.
    analysis: Array.isArray(analysis.effects) ? (analysis as unknown as Analysis) : null,
    finished: null,
    seq: entry.seq,
    sealed: (["text", "values"] as const).filter((part) => "payload" in object(entry[part])),
  };
}

function finishedOf(entry: Entry): Finished {
  const error = object(entry.error);
  return {
    outcome: (entry.outcome as Finished["outcome"]) ?? "unknown",
    rows: count(entry.rows),
    bytes: count(entry.bytes),
    maskedCells: count(entry.maskedCells),
    durationMs: count(entry.durationMs),
    tag: typeof entry.tag === "string" ? entry.tag : null,
    errorCode: typeof error.code === "string" ? error.code : null,
    detected: object(entry.detected) as Record<string, number>,
    errorSeq: "payload" in object(error.text) ? entry.seq : null,
  };
}

/** A portal that is read in parts finishes several times. */
function added(before: Finished | null, next: Finished): Finished {
  if (before === null || before.outcome !== "suspended") return next;
  return {
    ...next,
    rows: before.rows + next.rows,
    bytes: before.bytes + next.bytes,
    maskedCells: before.maskedCells + next.maskedCells,
    durationMs: before.durationMs + next.durationMs,
    detected: sums(before.detected, next.detected),
  };
}

function sums(one: Finished["detected"], other: Finished["detected"]): Finished["detected"] {
  const kinds = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return Object.fromEntries(kinds.map((kind) => [kind, (one[kind] ?? 0) + (other[kind] ?? 0)]));
}

function markOf(entry: Entry): MarkItem {
  const mark = (tone: MarkItem["tone"], text: string): MarkItem => ({
    kind: "mark",
    key: keyOf(entry),
    time: entry.time,
    tone,
    text,
    reasons: tone === "bad" ? reasonsOf(entry) : [],
  });
  switch (entry.kind) {
    case "session-opened":
      return mark("plain", `Connected from ${String(entry.from)}`);
    case "session-refused":
      return mark("bad", `Refused, from ${String(entry.from)}`);
    case "session-ready":
      return mark("plain", `Logged in at ${String(entry.target)}${clientText(entry.client)}`);
    case "session-closed": {
      const reason = object(entry.reason);
      return mark("plain", `Ended: ${String(reason.text ?? reason.code ?? "no reason")}`);
    }
    case "screen":
      return mark("plain", `Terminal ${String(entry.terminal)}: a piece of what it showed`);
    case "warning":
      return mark("warning", String(entry.text));
    default:
      return mark("plain", entry.kind);
  }
}

function clientText(client: unknown): string {
  const name = object(client).application_name;
  return typeof name === "string" && name !== "" ? ` with ${name}` : "";
}
