import type { HoopEvent } from "../../api/event-queries.js";

/** What of an event's data says most, in a few words. */
export function gist({ data, cause }: HoopEvent): string {
  const reasons = data.reasons as readonly { readonly text?: string }[] | undefined;
  const said = [data.shown, reasons?.[0]?.text, data.text, data.review, data.runbook, data.name, data.agent];
  const words = said.filter((one): one is string => typeof one === "string" && one !== "").slice(0, 2);
  const led = cause.length === 0 ? [] : [`after ${cause.map(({ rule }) => rule).join(" → ")}`];
  return [...words, ...led].join(" · ").slice(0, 200);
}
