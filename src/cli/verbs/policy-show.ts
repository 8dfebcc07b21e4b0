import type { Verb } from "../invocation.js";

interface Policy {
  readonly revision: number;
  readonly version: string;
  readonly problem: string | null;
  readonly documents: readonly unknown[];
  readonly yaml: string;
}

export const run: Verb = async ({ context }) => {
  const policy = await (await context.api()).get<Policy>("/policy", { signal: context.signal });
  if (policy.problem) context.out.warn(`the newest documents are not in force: ${policy.problem}`);
  context.out.result(policy, () => policy.yaml.trimEnd());
};
