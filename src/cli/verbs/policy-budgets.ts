import { text, type Verb } from "../invocation.js";
import { printable } from "../output.js";
import { type Column, table } from "../table.js";

interface Used {
  readonly rule: string;
  readonly measure: string;
  readonly per: string;
  readonly owner: string;
  readonly used: number;
  readonly limit: number;
  readonly action: string;
  readonly roomAt: string | null;
}

const columns: Column<Used>[] = [
  { title: "budget", value: ({ rule }) => printable(rule) },
  { title: "of", value: ({ owner }) => (owner === "*" ? "everybody" : printable(owner)) },
  { title: "used", value: ({ used, limit, measure }) => `${used} of ${limit} ${measure}` },
  { title: "per", value: ({ per }) => per },
  { title: "then", value: ({ action }) => action },
  { title: "room again", value: (one) => (one.used < one.limit ? "now" : room(one)) },
];

function room({ roomAt, per }: Used): string {
  if (roomAt !== null) return `${roomAt.slice(0, 16).replace("T", " ")} UTC`;
  return per === "session" ? "in another session" : "unknown";
}

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const rule = text(invocation, "rule");
  const query = rule === undefined ? "" : `?rule=${encodeURIComponent(rule)}`;
  const api = await context.api();
  const found = await api.get<{ items: readonly Used[] }>(`/policy/budgets${query}`, { signal: context.signal });
  context.out.result(found, () =>
    found.items.length === 0 ? "Nothing is used of any budget." : table(found.items, columns),
  );
};
