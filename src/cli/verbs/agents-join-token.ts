import { askLaneEnd } from "../../client/lane-end.js";
import { HoopError } from "../../vocabulary/index.js";
import { text, type Verb } from "../invocation.js";
import { ago } from "../table.js";

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

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

function secondsFrom(duration: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(duration);
  if (!match)
    throw new HoopError("invalid", `${JSON.stringify(duration)} is not a duration`, {
      hint: "write it like 15m, 2h or 1d",
    });
  return Number(match[1]) * units[match[2]!]!;
}
