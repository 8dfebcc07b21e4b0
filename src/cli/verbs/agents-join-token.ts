import { askLaneEnd } from "../../client/lane-end.js";
import { text, type Verb } from "../invocation.js";
import { secondsFrom } from "../seconds-from.js";
import { ago } from "../table.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const body = { agent: args[0]!, lifeSeconds: secondsFrom(text(invocation, "ttl") ?? "15m") };
  const api = await context.api();
  const made = await api.post<{ token: string; agent: string; expires: string }>("/agents/join-tokens", {
    body,
    signal: context.signal,
  });
  const { url } = await askLaneEnd(api, context.signal);
  context.out.result(
    { ...made, gateway: url },
    () =>
      `${made.token}\n\nGood once, and only ${ago(made.expires)}. On the other machine:\n  hoop agent --gateway ${url} --join ${made.token} --allow HOST:PORT`,
  );
};
