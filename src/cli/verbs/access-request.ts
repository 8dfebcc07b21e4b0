import { HoopError } from "../../vocabulary/index.js";
import { durationFrom, durationWords } from "../duration.js";
import { flag, text, texts, type Verb } from "../invocation.js";
import { exitOf, type ReviewSummary, waitFor } from "../reviews/review.js";

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const durationMs = durationFrom(text(invocation, "for") ?? "1h", "--for");
  const effects = texts(invocation, "effect").flatMap((effect) => effect.split(","));
  const reason = text(invocation, "reason");
  if (reason === undefined) throw new HoopError("invalid", "say why you need it", { hint: "--reason '…'" });
  const api = await context.api();
  const asked = await api.post<ReviewSummary>("/access-requests", {
    body: {
      connections: invocation.args,
      labels: labelsFrom(texts(invocation, "label")),
      effects: effects.length === 0 ? ["read"] : effects,
      durationMs,
      ticket: text(invocation, "ticket"),
      reason,
    },
    signal: context.signal,
  });
  const review = flag(invocation, "wait") ? await waitFor(invocation, api, asked.id) : asked;
  const what = `${review.preview} for ${durationWords(durationMs)}`;
  context.out.result(review, () => {
    if (review.state === "pending")
      return `Asked as ${review.id}: ${what}.\nMissing: ${review.missing}.\n${review.link}`;
    if (review.state === "approved") return `Granted (${review.id}): ${what}, from now on.`;
    return `${review.id}: ${review.ending ?? review.state}.`;
  });
  return exitOf(review);
};

function labelsFrom(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((label) => {
      const at = label.indexOf("=");
      if (at < 1) throw new HoopError("invalid", `--label is key=value, not ${JSON.stringify(label.slice(0, 64))}`);
      return [label.slice(0, at), label.slice(at + 1)];
    }),
  );
}
