import type { Verb } from "../invocation.js";
import { act, resultOf, reviewIdFrom } from "../reviews/review.js";

export const run: Verb = async (invocation) => {
  const id = reviewIdFrom(invocation.args[0]!);
  const review = await act(invocation, await invocation.context.api(), id, "withdraw", undefined);
  await resultOf(invocation, review, `${id} is withdrawn.`);
};
