import { boundsFrom, pairsFrom } from "../bounds-options.js";
import { durationFrom } from "../duration.js";
import { flag, text, texts, type Verb } from "../invocation.js";

const issuers: Readonly<Record<string, string>> = {
  github: "https://token.actions.githubusercontent.com",
  gitlab: "https://gitlab.com",
};

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const name = args[0]!;
  const claims: Record<string, string[]> = {};
  for (const [claim, pattern] of pairsFrom(texts(invocation, "claim"), "--claim"))
    claims[claim] = [...(claims[claim] ?? []), pattern];
  const issuer = text(invocation, "issuer") ?? "";
  const [audience, condition] = [text(invocation, "audience"), text(invocation, "condition")];
  const body = {
    account: text(invocation, "account"),
    issuer: issuers[issuer] ?? issuer,
    claims,
    bounds: boundsFrom(invocation),
    tokenSeconds: Math.floor(durationFrom(text(invocation, "tokenLife") ?? "15m", "--token-life") / 1_000),
    singleUse: !flag(invocation, "reusable"),
    ...(audience === undefined ? {} : { audience }),
    ...(condition === undefined ? {} : { condition }),
  };
  const trust = await (await context.api()).put<{ readonly account: string }>(
    `/federation/${encodeURIComponent(name)}`,
    {
      body,
      signal: context.signal,
    },
  );
  context.out.result(trust, () => `Trusted: tokens that fit ${name} become ${trust.account}.`);
};
