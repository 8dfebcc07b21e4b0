import type { Verb } from "../invocation.js";
import { reviewIdFrom } from "../reviews/review.js";

export const run: Verb = async ({ context, args }) => {
  const id = reviewIdFrom(args[0]!);
  const api = await context.api();
  const comment = await api.post(`/reviews/${id}/comments`, { body: { text: args[1] }, signal: context.signal });
  context.out.result(comment, () => `Said. Those who see ${id} see it.`);
};
