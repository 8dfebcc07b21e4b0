import { flag, text, type Verb } from "../invocation.js";
import { policyText } from "../policy-text.js";

interface Applied {
  readonly revision: number;
  readonly created: readonly string[];
  readonly changed: readonly string[];
}

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const file = text(invocation, "file")!;
  const dryRun = flag(invocation, "plan");
  const body = { text: await policyText(file), source: file === "-" ? "stdin" : file, dryRun };
  const applied = await (await context.api()).post<Applied>("/reactions/apply", { body, signal: context.signal });
  context.out.result(applied, () => {
    const { created, changed, revision } = applied;
    if (created.length + changed.length === 0) return "Nothing changes.";
    const list = [...created.map((name) => `  created ${name}`), ...changed.map((name) => `  changed ${name}`)].join(
      "\n",
    );
    return dryRun ? `It would be:\n${list}` : `Applied, revision ${revision}:\n${list}`;
  });
};
