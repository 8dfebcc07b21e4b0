/**
 * What a criterion says of a situation. `unknown` is a no when it would allow and a yes when it would deny, so what nobody
 * could read never opens a way.
 */
export type Answer = "yes" | "no" | "unknown";

/** All must hold: one no is a no, whatever else is unknown. */
export function both(a: Answer, b: Answer): Answer {
  if (a === "no" || b === "no") return "no";
  return a === "yes" && b === "yes" ? "yes" : "unknown";
}

/** One must hold: one yes is a yes, whatever else is unknown. */
export function either(a: Answer, b: Answer): Answer {
  if (a === "yes" || b === "yes") return "yes";
  return a === "no" && b === "no" ? "no" : "unknown";
}

export const answerOf = (holds: boolean): Answer => (holds ? "yes" : "no");
