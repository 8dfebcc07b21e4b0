/** Where a span belongs, as W3C's trace context says it. */
export interface TraceParent {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly sampled: boolean;
}

const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Null for what is none; ids of zeros only are none. Source: W3C Trace Context, section 3.2. */
export function traceParentFrom(text: string): TraceParent | null {
  const found = form.exec(text);
  if (found === null || /^0+$/.test(found[1]!) || /^0+$/.test(found[2]!)) return null;
  return { traceId: found[1]!, spanId: found[2]!, sampled: (Number.parseInt(found[3]!, 16) & 1) === 1 };
}

/** How far at either end of a text a comment with its trace is looked for. */
const lookAt = 1_000;

/** Of a statement that carries it in a comment, as sqlcommenter writes: `… traceparent='00-…'`. */
export function traceParentInComment(sql: string): TraceParent | null {
  if (!sql.includes("traceparent")) return null;
  const ends = sql.length <= 2 * lookAt ? sql : `${sql.slice(0, lookAt)}\n${sql.slice(-lookAt)}`;
  const found = /\/\*[^*]{0,900}\btraceparent=['"]?(00-[0-9a-f-]{52})['"]?[^*]{0,900}\*\//.exec(ends);
  return found === null ? null : traceParentFrom(found[1]!);
}
