import { text, type Verb } from "../invocation.js";
import { act, resultOf, reviewIdFrom } from "../reviews/review.js";

export const run: Verb = async (invocation) => {
  const id = reviewIdFrom(invocation.args[0]!);
  const review = await act(invocation, await invocation.context.api(), id, "deny", text(invocation, "reason"));
  await resultOf(invocation, review, `You denied ${id}; ${review.requester.name} is told so.`);
};
