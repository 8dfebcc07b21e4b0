import type { Trial } from "./trial.js";

/**
 * What a session did, whatever the chunks were: all bytes to each side, and in their own order the asks, the notes and
 * the other wishes. How many sends it took and when a side was paused depends on the chunks, and is left out.
 */
export interface Trace {
  readonly client: Buffer;
  readonly target: Buffer;
  readonly asks: readonly string[];
  readonly notes: readonly string[];
  readonly wishes: readonly string[];
  readonly timers: readonly string[];
  readonly paused: readonly string[];
  readonly end: string;
}

export function traceOf(trial: Trial): Trace {
  return {
    client: trial.bytesTo("client"),
    target: trial.bytesTo("target"),
    asks: trial.asks.map(({ id, ask }) => `${id} ${text(ask)}`),
    notes: trial.notes.map(text),
    wishes: trial.wishes,
    timers: [...trial.timers].map(([name, at]) => `${name} at ${at}`).sort(),
    paused: (["client", "target"] as const).filter((side) => trial.paused[side]),
    end: trial.malformed ? "malformed" : text(trial.ended),
  };
}

/** The first difference in words; null: none. */
export function difference(expected: Trace, actual: Trace): string | null {
  for (const side of ["client", "target"] as const) {
    const [a, b] = [expected[side], actual[side]];
    if (a.equals(b)) continue;
    const at = firstDifference(a, b);
    return `bytes to the ${side} differ at ${at}: ${excerpt(a, at)} became ${excerpt(b, at)} (${a.length} and ${b.length} bytes)`;
  }
  for (const part of ["asks", "notes", "wishes", "timers", "paused"] as const) {
    const [a, b] = [expected[part], actual[part]];
    const at = a.findIndex((line, i) => line !== b[i]);
    if (at >= 0) return `${part}: ${a[at]} became ${b[at] ?? "nothing"}`;
    if (b.length > a.length) return `${part}: one more, ${b[a.length]}`;
  }
  return expected.end === actual.end ? null : `end: ${expected.end} became ${actual.end}`;
}

export function firstDifference(a: Buffer, b: Buffer): number {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at++) if (a[at] !== b[at]) return at;
  return shorter;
}

export function excerpt(bytes: Buffer, at: number): string {
  return JSON.stringify(bytes.subarray(Math.max(0, at - 8), at + 24).toString("latin1"));
}

function text(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (part instanceof Map ? [...part] : part));
}
