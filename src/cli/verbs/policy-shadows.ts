import { text, type Verb } from "../invocation.js";
import { printable } from "../output.js";
import { hoursFrom } from "../policy-text.js";
import { ago } from "../table.js";

interface Shadows {
  readonly watching: readonly string[];
  readonly items: readonly {
    readonly rule: string;
    readonly count: number;
    readonly because: string;
    readonly hits: readonly {
      readonly subject: string;
      readonly connection: string;
      readonly outcome: string;
      readonly count: number;
      readonly last: string;
      readonly shapes: readonly { readonly shape: string; readonly count: number }[];
    }[];
  }[];
}

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const rule = text(invocation, "rule");
  const hours = hoursFrom(text(invocation, "last") ?? "7d");
  const query = `hours=${hours}${rule === undefined ? "" : `&rule=${encodeURIComponent(rule)}`}`;
  const found = await (await context.api()).get<Shadows>(`/policy/shadows?${query}`, { signal: context.signal });
  const { color } = context.out;
  context.out.result(found, () => {
    const quiet = found.watching.filter(
      (name) => (rule === undefined || name === rule) && !found.items.some((item) => item.rule === name),
    );
    const lines = found.items.flatMap(({ rule: name, count, because, hits }) => [
      `${color.bold(printable(name))}: ${count} ${count === 1 ? "statement" : "statements"}, e.g. ${printable(because)}`,
      ...hits.flatMap(({ subject, connection, outcome, count: times, last, shapes }) => [
        `  ${times}× ${printable(subject)} at ${printable(connection)}: ${outcome}, last ${ago(last)}`,
        ...shapes.map(({ shape, count: n }) =>
          color.dim(`     ${n}× ${printable(shape).replaceAll(/\s+/g, " ").slice(0, 140)}`),
        ),
      ]),
    ]);
    const none = quiet.map((name) => `${color.bold(printable(name))}: no statement`);
    return [...lines, ...none].join("\n") || "No rule watches, and none has.";
  });
};
