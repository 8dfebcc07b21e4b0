import { exitCodes } from "../exit-codes.js";
import type { Verb } from "../invocation.js";

interface Tested {
  readonly ok: boolean;
  readonly serverVersion: string | null;
  readonly problem: { readonly code: string; readonly message: string; readonly hint?: string } | null;
}

export const run: Verb = async ({ context, args }) => {
  const name = args[0]!;
  const result = await (await context.api()).post<Tested>(`/connections/${encodeURIComponent(name)}/test`, {
    signal: context.signal,
    timeoutMs: 60_000,
  });
  context.out.result(result, () => {
    if (result.ok && result.serverVersion === null)
      return `${name} is reached. Whether its login works shows when it is used: only databases are logged in to here.`;
    if (result.ok) return `${name} works: it answers as version ${result.serverVersion}.`;
    return `${name} does not work: ${result.problem?.message ?? "no reason given"}${result.problem?.hint ? `\n  do: ${result.problem.hint}` : ""}`;
  });
  return result.ok ? exitCodes.ok.code : exitCodes.finding.code;
};
