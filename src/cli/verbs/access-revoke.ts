import type { Verb } from "../invocation.js";
import { reviewIdFrom } from "../reviews/review.js";

export const run: Verb = async ({ context, args }) => {
  const id = reviewIdFrom(args[0]!);
  const api = await context.api();
  await api.delete(`/grants/${id}`, { signal: context.signal });
  context.out.result({ revoked: id }, () => `Grant ${id} is over; sessions that rest on it end now.`);
};
