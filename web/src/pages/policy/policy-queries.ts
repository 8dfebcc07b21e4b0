import { queryOptions } from "@tanstack/react-query";
import { read } from "../../api/request.js";
import type { Outcome } from "../../api/types.js";

/** What somebody may do on a connection, and why. */
export interface ExplainedAccess {
  readonly subject: string;
  readonly connection: string;
  readonly connect: { readonly outcome: Outcome; readonly reasons: readonly string[] };
  readonly effects: readonly string[];
  readonly sentences: readonly string[];
  readonly rules: readonly {
    readonly rule: string;
    readonly kind: string;
    readonly mode: "enforce" | "shadow";
    readonly text: string;
  }[];
}

export interface Grid {
  readonly protocols: readonly { readonly name: string; readonly title: string }[];
  readonly rows: readonly GridRow[];
}

export interface GridRow {
  readonly group: string;
  readonly what: string;
  readonly cells: readonly { readonly protocol: string; readonly lacks: readonly string[] }[];
}

export interface Shadows {
  readonly since: string;
  readonly watching: readonly string[];
  readonly items: readonly ShadowedRule[];
}

export interface ShadowedRule {
  readonly rule: string;
  readonly count: number;
  readonly because: string;
  readonly hits: readonly {
    readonly subject: string;
    readonly connection: string;
    readonly outcome: Outcome;
    readonly count: number;
    readonly last: string;
    readonly shapes: readonly { readonly shape: string; readonly count: number; readonly statement: string }[];
  }[];
}

/** What other rules would have made of what was recorded. */
export interface Replayed {
  readonly since: string;
  readonly statements: number;
  readonly same: number;
  readonly totals: Readonly<Record<string, number>>;
  readonly unlisted: number;
  readonly groups: { readonly recorded: number; readonly today: number };
  readonly changes: readonly ReplayChange[];
}

export interface ReplayChange {
  readonly subject: string;
  readonly connection: string;
  readonly shape: string;
  readonly before: Outcome;
  readonly after: Outcome | "unknown";
  readonly reasons: readonly string[];
  readonly masks: readonly string[];
  readonly count: number;
}

export const explainedQuery = (subject: string, connection: string) =>
  queryOptions({
    queryKey: ["policy", "explained", subject, connection],
    queryFn: ({ signal }) =>
      read<ExplainedAccess>(
        `/policy/explain/${encodeURIComponent(connection)}?subject=${encodeURIComponent(subject)}`,
        { signal },
      ),
  });

export const gridQuery = queryOptions({
  queryKey: ["policy", "grid"],
  queryFn: ({ signal }) => read<Grid>("/policy/grid", { signal }),
});

export const shadowsQuery = (hours: number) =>
  queryOptions({
    queryKey: ["policy", "shadows", hours],
    queryFn: ({ signal }) => read<Shadows>(`/policy/shadows?hours=${hours}`, { signal }),
  });
