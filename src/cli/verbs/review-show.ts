import { durationWords } from "../duration.js";
import { flag, type Verb } from "../invocation.js";
import { exitOf, type ReviewDetail, reviewIdFrom, waitFor } from "../reviews/review.js";
import { reviewText } from "../reviews/review-text.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const id = reviewIdFrom(args[0]!);
  const api = await context.api();
  if (flag(invocation, "text")) {
    const content = await api.get<{ readonly text: string }>(`/reviews/${id}/content`, { signal: context.signal });
    if (context.out.json) context.out.result(content, () => "");
    else context.out.raw(content.text.endsWith("\n") ? content.text : `${content.text}\n`);
    return;
  }
  const wait = flag(invocation, "wait");
  const review = wait
    ? await waitFor(invocation, api, id)
    : await api.get<ReviewDetail>(`/reviews/${id}`, { signal: context.signal });
  context.out.result(review, () => reviewText(review, context.out, wishWords(review)));
  return wait ? exitOf(review) : undefined;
};

/** What somebody asks for in words of their own, in one line. */
function wishWords({ wish, reveal, run: asked }: ReviewDetail): string | null {
  if (asked !== null) return `a run of the runbook ${asked.runbook}, version ${asked.version}`;
  if (reveal !== null) return `the value behind a token of ${reveal.purpose} (${reveal.form}): ${reveal.reason}`;
  if (wish === null) return null;
  const ticket = wish.ticket === null ? "" : `, ticket ${wish.ticket}`;
  return `${wish.effects.join(" and ")} for ${durationWords(wish.durationMs)}${ticket}: ${wish.reason}`;
}
