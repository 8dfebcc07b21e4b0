import type { Acting } from "./authority.js";
import type { ParameterValues } from "./parameters.js";

/**
 * `waiting`: for people to approve it. `interrupted`: its gateway went away in the middle of it; how far the step under way came is
 * not known.
 */
export const runStates = ["waiting", "running", "succeeded", "failed", "denied", "cancelled", "interrupted"] as const;
export type RunState = (typeof runStates)[number];
/** Nothing happens any more. */
export const endStates: ReadonlySet<RunState> = new Set(["succeeded", "failed", "denied", "cancelled", "interrupted"]);

/** One link of what led to a run; see the events' own. */
export interface RunCause {
  readonly event: string;
  readonly rule: string;
  readonly run: string | null;
}

export interface RunParty {
  readonly id: string;
  readonly name: string;
}

export interface Run {
  /** UUID. */
  readonly id: string;
  readonly runbook: string;
  readonly version: number;
  /** Of the runbook's text. */
  readonly hash: string;
  readonly state: RunState;
  readonly origin: "person" | "rule" | "schedule";
  /** Whose rights it has. */
  readonly subject: RunParty;
  /** Whom the subject acts for, and its bounds. */
  readonly acting: Acting;
  /** Who asked for it: the person, the rule's machine. */
  readonly asker: RunParty;
  readonly cause: readonly RunCause[];
  readonly key: string;
  readonly review: string | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly error: string | null;
}

/** As it is when it is written down. */
export interface NewRun extends Omit<Run, "review" | "createdAt" | "startedAt" | "endedAt" | "error"> {
  readonly replica: string;
  /** All of them, secret ones too: sealed at rest. */
  readonly parameters: ParameterValues;
}

export type StepState = "running" | "succeeded" | "failed" | "skipped" | "interrupted";

/** What a step brought back; bounded. */
export interface StepResult {
  readonly rows: number;
  readonly columns: readonly string[];
  readonly sample: readonly (readonly (string | null)[])[];
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
  readonly body: string;
  /** Bytes of output that are not kept. */
  readonly cut: number;
}

export const noResult: StepResult = {
  ...{ rows: 0, columns: [], sample: [], exit: null, stdout: "", stderr: "", status: null, body: "", cut: 0 },
};

export interface StepRecord {
  /** In the order in which they ran, from 0. */
  readonly n: number;
  readonly phase: "step" | "compensation";
  readonly name: string;
  readonly state: StepState;
  readonly connection: string | null;
  /** The recorded session in which it ran. */
  readonly session: string | null;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  /** What was sent, without secret values; null: nothing was. Sealed at rest. */
  readonly sent: string | null;
  /** Sealed at rest. */
  readonly result: StepResult | null;
  readonly error: string | null;
}

export interface RunFilter {
  readonly runbook?: string | undefined;
  readonly state?: RunState | undefined;
  /** Asked for by, or running as. */
  readonly party?: string | undefined;
  readonly before?: { readonly createdAt: Date; readonly id: string } | undefined;
  readonly limit: number;
}
