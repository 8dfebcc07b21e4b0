import { HoopError } from "../../vocabulary/index.js";
import { flag, type Invocation, text, type Verb } from "../invocation.js";
import { printable } from "../output.js";
import { exitOf, type ReviewSummary, reviewIdFrom, waitFor } from "../reviews/review.js";

export const run: Verb = async (invocation) => {
  const { out } = invocation.context;
  const asked = await askedFor(invocation);
  const api = await invocation.context.api();
  const wait = flag(invocation, "wait");
  const review = wait && asked.state === "pending" ? await waitFor(invocation, api, asked.id) : asked;
  if (review.state === "approved") {
    const { value } = await api.post<{ readonly value: string }>(`/reveals/${review.id}/value`, {
      signal: invocation.context.signal,
    });
    out.result({ review: review.id, value }, () => printable(value));
    return;
  }
  out.result(review, () =>
    review.state === "pending"
      ? `Asked as ${review.id}: ${printable(review.preview)}.\nMissing: ${review.missing}.\n${review.link}\nOnce approved: hoop reveal --review ${review.id}`
      : `${review.id}: ${review.ending ?? review.state}.`,
  );
  return exitOf(review);
};

/** The review: one that is named, or a new one, or one's own open one for just the same. */
async function askedFor(invocation: Invocation): Promise<ReviewSummary> {
  const { context, args } = invocation;
  const [token] = args;
  const [named, source, because] = [
    text(invocation, "review"),
    text(invocation, "source"),
    text(invocation, "because"),
  ];
  if (named !== undefined) {
    if (token !== undefined || source !== undefined || because !== undefined)
      throw new HoopError("invalid", "--review names what was asked for already: give nothing else with it");
    const api = await context.api();
    return api.get<ReviewSummary>(`/reviews/${reviewIdFrom(named)}`, { signal: context.signal });
  }
  if (token === undefined)
    throw new HoopError("invalid", "say which token", { hint: "hoop reveal <token> --source …" });
  if (source === undefined)
    throw new HoopError("invalid", "say what the token was made for", { hint: "--source analytics/customers.card" });
  if (because === undefined) throw new HoopError("invalid", "say why you need it", { hint: "--because '…'" });
  const slash = source.indexOf("/");
  const purpose = slash < 0 ? source : source.slice(0, slash);
  const column = slash < 0 ? null : source.slice(slash + 1);
  const api = await context.api();
  return api.post<ReviewSummary>("/reveals", {
    body: { token, purpose, column, as: text(invocation, "as") ?? null, because },
    signal: context.signal,
  });
}
