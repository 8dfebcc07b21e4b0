import { HoopError } from "../../vocabulary/index.js";
import { text, type Verb } from "../invocation.js";
import { act, resultOf, reviewIdFrom } from "../reviews/review.js";
import type { RunView } from "../runbooks/runbook.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const api = await context.api();
  let review = args[0]!;
  if (/^[0-9a-f]{8}-/.test(review)) {
    const found = await api.get<RunView>(`/runs/${encodeURIComponent(review)}`, { signal: context.signal });
    if (found.review === null) throw new HoopError("precondition-failed", "this run waits for nobody");
    review = found.review;
  }
  const id = reviewIdFrom(review);
  const approved = await act(invocation, api, id, "approve", text(invocation, "reason"));
  await resultOf(
    invocation,
    approved,
    `You approved ${id}.${approved.state === "approved" ? " It may go ahead now." : ""}`,
  );
};
