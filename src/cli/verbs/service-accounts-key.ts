import { boundsFrom } from "../bounds-options.js";
import { durationFrom } from "../duration.js";
import { text, texts, type Verb } from "../invocation.js";
import { ago } from "../table.js";

interface Made {
  readonly key: string;
  readonly details: { readonly expires: string };
}

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const [account, name] = [args[0]!, args[1]!];
  const body = {
    name,
    expiresInSeconds: Math.floor(durationFrom(text(invocation, "expires") ?? "90d", "--expires") / 1_000),
    bounds: boundsFrom(invocation),
    sources: texts(invocation, "source"),
  };
  const path = `/service-accounts/${encodeURIComponent(account)}/keys`;
  const made = await (await context.api()).post<Made>(path, { body, signal: context.signal });
  context.out.say(`Key ${name} of ${account} ends ${ago(made.details.expires)}. It is shown once:`);
  context.out.result(made, () => made.key);
};
