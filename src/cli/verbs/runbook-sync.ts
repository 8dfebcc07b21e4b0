import { exitCodes } from "../exit-codes.js";
import type { Verb } from "../invocation.js";
import { printable } from "../output.js";

interface Synced {
  readonly source: string;
  readonly commit: string | null;
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly problems: readonly string[];
}

export const run: Verb = async ({ context, args }) => {
  const { out, signal } = context;
  const api = await context.api();
  const names =
    args[0] === undefined
      ? (await api.get<{ items: readonly { name: string }[] }>("/runbook-sources", { signal })).items.map(
          ({ name }) => name,
        )
      : [args[0]];
  const results: Synced[] = [];
  for (const source of names) {
    const found = await api.post<Omit<Synced, "source">>(`/runbook-sources/${encodeURIComponent(source)}/sync`, {
      body: {},
      signal,
      timeoutMs: 120_000,
    });
    results.push({ source, ...found });
  }
  out.result(
    results,
    () =>
      results
        .map(({ source, commit, changed, removed, problems }) =>
          [
            `${source} at ${commit?.slice(0, 12) ?? "no commit"}: ${changed.length} changed, ${removed.length} removed`,
            ...changed.map((name) => `  + ${name}`),
            ...removed.map((name) => `  - ${name}`),
            ...problems.map((problem) => `  ! ${printable(problem)}`),
          ].join("\n"),
        )
        .join("\n") || "There is no repository of runbooks.",
  );
  return results.some(({ problems }) => problems.length > 0) ? exitCodes.finding.code : exitCodes.ok.code;
};
