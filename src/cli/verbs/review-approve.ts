import { text, type Verb } from "../invocation.js";
import { act, resultOf, reviewIdFrom } from "../reviews/review.js";

export const run: Verb = async (invocation) => {
  const id = reviewIdFrom(invocation.args[0]!);
  const review = await act(invocation, await invocation.context.api(), id, "approve", text(invocation, "reason"));
  const what = review.kind === "reveal" ? `: ${review.preview}` : ` on ${review.connections.join(", ")}`;
  const who = `${review.requester.name}${what}`;
  await resultOf(
    invocation,
    review,
    `You approved ${id} (${who}).${review.state === "approved" ? " It may go ahead now." : ""}`,
  );
};
