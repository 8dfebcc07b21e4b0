import { queryOptions } from "@tanstack/react-query";
import { read } from "./request.js";
import type { Page } from "./types.js";

export interface RunbookSummary {
  readonly name: string;
  readonly title: string;
  readonly version: number;
  readonly origin: string;
  readonly steps: number;
  readonly review: boolean;
  readonly runsAs: string | null;
  readonly schedules: readonly string[];
  readonly mayRun: boolean;
  readonly changedAt: string;
  readonly problem: string | null;
}

export interface Parameter {
  readonly name: string;
  readonly type: "string" | "enum" | "number" | "boolean" | "connection";
  readonly title?: string;
  readonly help?: string;
  readonly optional: boolean;
  readonly secret: boolean;
  readonly default?: string | number | boolean;
  readonly values?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly maxLength?: number;
  readonly multiline?: boolean;
  readonly protocol?: string;
}

export interface Runbook extends RunbookSummary {
  readonly text: string;
  readonly body: string;
  readonly form: readonly Parameter[];
  readonly plan: readonly {
    readonly name: string;
    readonly title: string;
    readonly kind: "sql" | "run" | "http";
    readonly connection: string;
    readonly when: string | null;
    readonly text: string;
    readonly compensates: boolean;
  }[];
}

/** A Git repository that runbooks come from. */
export interface RunbookSource {
  readonly name: string;
  readonly url: string;
  readonly branch: string;
  readonly folder: string;
  readonly allowedSigners: string | null;
  readonly mayActAs: readonly string[];
  readonly syncedAt: string | null;
  readonly commit: string | null;
  readonly problem: string | null;
}

export const runbookSourcesQuery = queryOptions({
  queryKey: ["runbook-sources"],
  queryFn: ({ signal }) => read<{ items: readonly RunbookSource[] }>("/runbook-sources", { signal }),
  refetchInterval: 10_000,
});

export interface DryStep {
  readonly name: string;
  readonly phase: "step" | "compensation";
  readonly connection: string;
  readonly sends: string;
  readonly when: string | null;
  readonly outcome: "allow" | "deny" | "hold" | "challenge" | "unknown";
  readonly reasons: readonly string[];
}

export type RunState = "waiting" | "running" | "succeeded" | "failed" | "denied" | "cancelled" | "interrupted";

export interface Run {
  readonly id: string;
  readonly runbook: string;
  readonly version: number;
  readonly state: RunState;
  readonly origin: "person" | "rule" | "schedule";
  readonly runsAs: { readonly name: string };
  readonly askedBy: { readonly name: string };
  readonly cause: readonly { readonly event: string; readonly rule: string; readonly run: string | null }[];
  readonly review: string | null;
  readonly createdAt: string;
  readonly endedAt: string | null;
  readonly error: string | null;
}

export interface RunStep {
  readonly n: number;
  readonly phase: "step" | "compensation";
  readonly name: string;
  readonly state: "running" | "succeeded" | "failed" | "skipped" | "interrupted";
  readonly connection: string | null;
  readonly session: string | null;
  readonly sent: string | null;
  readonly error: string | null;
  readonly result: {
    readonly rows: number;
    readonly columns: readonly string[];
    readonly sample: readonly (readonly (string | null)[])[];
    readonly exit: number | null;
    readonly stdout: string;
    readonly stderr: string;
    readonly status: number | null;
    readonly body: string;
    readonly cut: number;
  } | null;
}

export interface RunDetail extends Run {
  readonly parameters: Readonly<Record<string, string | number | boolean | null>>;
  readonly steps: readonly RunStep[];
  readonly mayCancel: boolean;
}

const live = 3_000;
const soon = 700;

export const runbooksQuery = queryOptions({
  queryKey: ["runbooks", "list"],
  queryFn: ({ signal }) => read<{ items: readonly RunbookSummary[] }>("/runbooks", { signal }),
});

export const runbookQuery = (name: string) =>
  queryOptions({
    queryKey: ["runbooks", "one", name],
    queryFn: ({ signal }) => read<Runbook>(`/runbooks/${encodeURIComponent(name)}`, { signal }),
  });

export const runsQuery = (runbook: string | null, all: boolean) =>
  queryOptions({
    queryKey: ["runs", "list", runbook, all],
    queryFn: ({ signal }) => {
      const search = new URLSearchParams({ limit: "30", all: String(all) });
      if (runbook !== null) search.set("runbook", runbook);
      return read<Page<Run>>(`/runs?${search}`, { signal });
    },
    refetchInterval: live,
  });

const under: readonly RunState[] = ["waiting", "running"];

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ["runs", "one", id],
    queryFn: ({ signal }) => read<RunDetail>(`/runs/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: ({ state }) => (state.data !== undefined && under.includes(state.data.state) ? soon : false),
  });
