import { text, type Verb } from "../invocation.js";
import { secondsFrom } from "../seconds-from.js";
import { ago } from "../table.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const directory = args[0]!;
  const body = { label: text(invocation, "label") ?? "", lifeSeconds: secondsFrom(text(invocation, "ttl") ?? "365d") };
  const { url } = await context.way();
  const made = await (await context.api()).post<{ id: string; token: string; expires: string }>(
    `/directories/${encodeURIComponent(directory)}/tokens`,
    { body, signal: context.signal },
  );
  const endpoint = `${url}/scim/v2`;
  context.out.result(
    { ...made, url: endpoint },
    () => `${made.token}\n\nShown once; it ends ${ago(made.expires)}. Give the provider this address:\n  ${endpoint}`,
  );
};
