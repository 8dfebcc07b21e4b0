import type { Outcome } from "../../vocabulary/index.js";
import type { RecordedHistory } from "./history.js";

/** What one rule in shadow mode would have done to one subject. */
export interface ShadowHits {
  readonly subject: string;
  readonly connection: string;
  readonly outcome: Outcome;
  readonly count: number;
  /** The most frequent texts, without their literals. */
  readonly shapes: readonly { readonly shape: string; readonly count: number; readonly statement: string }[];
  readonly last: number;
}

export interface ShadowedRule {
  readonly rule: string;
  readonly count: number;
  readonly because: string;
  /** Most hit first. */
  readonly hits: readonly ShadowHits[];
}

const maxShapes = 1000;
const maxTold = 5;
const maxHits = 200;

/** Reads what rules in shadow mode said of the statements of a time, by rule and by whom they would have hit. */
export async function shadowReport(
  history: RecordedHistory,
  options: {
    readonly rule?: string | undefined;
    readonly since: number;
    readonly until: number;
    readonly signal: AbortSignal;
  },
): Promise<readonly ShadowedRule[]> {
  const rules = new Map<string, { because: string; count: number; hits: Map<string, Counting> }>();
  for await (const { statements } of history.read(options.since, options.until, {
    only: "shadows",
    signal: options.signal,
  })) {
    options.signal.throwIfAborted();
    for (const one of statements) {
      for (const shadow of one.shadows) {
        if (options.rule !== undefined && shadow.rule !== options.rule) continue;
        let rule = rules.get(shadow.rule);
        if (!rule) {
          rule = { because: shadow.reasons[0]?.text ?? "", count: 0, hits: new Map() };
          rules.set(shadow.rule, rule);
        }
        rule.count += 1;
        const key = `${one.name}\0${one.connection}\0${shadow.outcome}`;
        let hit = rule.hits.get(key);
        if (!hit) {
          hit = {
            subject: one.name,
            connection: one.connection,
            outcome: shadow.outcome,
            count: 0,
            last: 0,
            shapes: new Map(),
          };
          rule.hits.set(key, hit);
        }
        hit.count += 1;
        hit.last = Math.max(hit.last, one.time);
        const shape = (one.shown ?? "(a text that cannot be shown)").slice(0, 500);
        const known = hit.shapes.get(shape);
        if (known) known.count += 1;
        else if (hit.shapes.size < maxShapes) hit.shapes.set(shape, { shape, count: 1, statement: one.statement });
      }
    }
  }
  return [...rules]
    .map(([rule, { because, count, hits }]) => ({
      rule,
      because,
      count,
      hits: [...hits.values()].map(told).sort(byCount).slice(0, maxHits),
    }))
    .sort(byCount);
}

interface Counting extends Omit<ShadowHits, "shapes" | "count" | "last"> {
  count: number;
  last: number;
  readonly shapes: Map<string, { readonly shape: string; count: number; readonly statement: string }>;
}

const byCount = (a: { readonly count: number }, b: { readonly count: number }): number => b.count - a.count;

function told({ shapes, ...rest }: Counting): ShadowHits {
  return { ...rest, shapes: [...shapes.values()].sort(byCount).slice(0, maxTold) };
}
