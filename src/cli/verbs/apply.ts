import { confirmOrRefuse } from "../confirm-or-refuse.js";
import { flag, text, type Verb } from "../invocation.js";
import { type Output, printable } from "../output.js";
import { policyText } from "../policy-text.js";

interface Change {
  readonly action: "create" | "update" | "delete" | "unchanged";
  readonly kind: string;
  readonly name: string;
  readonly lines: readonly string[];
}

interface Planned {
  readonly changes: readonly Change[];
  readonly revision: number;
  readonly warnings: readonly string[];
}

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const { out, signal } = context;
  const file = text(invocation, "file")!;
  const body = {
    text: await policyText(file),
    source: file === "-" ? "stdin" : file,
    prune: flag(invocation, "prune"),
  };
  const api = await context.api();
  const plan = await api.post<Planned>("/policy/plan", { body, signal });
  for (const warning of plan.warnings) out.warn(printable(warning));
  const changes = plan.changes.filter((change) => change.action !== "unchanged");
  if (changes.length === 0 || flag(invocation, "plan")) {
    return out.result({ applied: false, ...plan, changes }, () =>
      changes.length === 0 ? "Nothing would change." : shown(changes, out),
    );
  }
  if (!out.json) out.say(shown(changes, out));
  await confirmOrRefuse(
    invocation,
    `Apply ${changes.length === 1 ? "this change" : `these ${changes.length} changes`}?`,
  );
  // What was shown is what is applied: refused when policy has changed since.
  const applied = await api.post<Planned>("/policy/apply", { body: { ...body, revision: plan.revision }, signal });
  out.result(
    { applied: true, revision: applied.revision, changes },
    () => `Applied: policy is at revision ${applied.revision}.`,
  );
};

function shown(changes: readonly Change[], { color }: Output): string {
  const paint = (line: string) =>
    line.startsWith("+") ? color.green(line) : line.startsWith("-") ? color.red(line) : line;
  const blocks = changes.map(({ action, kind, name, lines }) =>
    [
      color.bold(`${action} ${kind} ${name}`),
      ...lines.map((line) => paint(`  ${printable(line)}`.replace(/^ {2}([+-])/, "$1 "))),
    ].join("\n"),
  );
  const count = (action: Change["action"]) => changes.filter((change) => change.action === action).length;
  return `${blocks.join("\n\n")}\n\n${count("create")} to create, ${count("update")} to update, ${count("delete")} to delete.`;
}
