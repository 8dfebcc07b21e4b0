import { confirmOrRefuse } from "../confirm-or-refuse.js";
import { text, type Verb } from "../invocation.js";
import { act, resultOf, reviewIdFrom } from "../reviews/review.js";

export const run: Verb = async (invocation) => {
  const id = reviewIdFrom(invocation.args[0]!);
  await confirmOrRefuse(
    invocation,
    `Go ahead with ${id} without approval? It is recorded under your name and shown to everybody.`,
  );
  const review = await act(invocation, await invocation.context.api(), id, "break-glass", text(invocation, "reason"));
  const { out } = invocation.context;
  await resultOf(
    invocation,
    review,
    out.color.red(`You broke the glass for ${id}. It goes ahead, and stands in the record as such.`),
  );
};
