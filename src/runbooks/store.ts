import type { ParameterValues } from "./parameters.js";
import type { NewRun, Run, RunFilter, RunParty, RunState, StepRecord } from "./run.js";

/** Where a runbook came from. */
export type RunbookOrigin =
  | { readonly kind: "store" }
  | { readonly kind: "git"; readonly source: string; readonly path: string; readonly commit: string };

export interface StoredRunbook {
  readonly name: string;
  /** From 1, ascending. */
  readonly version: number;
  readonly text: string;
  readonly hash: string;
  readonly origin: RunbookOrigin;
  readonly by: RunParty;
  readonly at: Date;
}

/** A Git repository that runbooks come from. Its secret is in the vault. */
export interface RunbookSource {
  readonly name: string;
  readonly url: string;
  readonly branch: string;
  /** Folder in the repository; empty: its root. */
  readonly folder: string;
  /** In OpenSSH's format; null: commits need no signature. */
  readonly allowedSigners: string | null;
  /** Service accounts that its runbooks may run as. */
  readonly mayActAs: readonly string[];
  /** PEM of the authority behind the server; null: the system's. */
  readonly ca: string | null;
  /** Host keys of the server, as in known_hosts; for ssh. */
  readonly knownHosts: string | null;
  readonly syncedAt: Date | null;
  readonly commit: string | null;
  readonly problem: string | null;
}

export type NewSource = Omit<RunbookSource, "syncedAt" | "commit" | "problem">;

export interface DueSchedule {
  readonly runbook: string;
  readonly n: number;
  readonly at: Date;
}

/** Changes of a run; only the replica that has it may make them. */
export interface RunPatch {
  readonly state?: RunState | undefined;
  readonly review?: string | undefined;
  readonly started?: boolean | undefined;
  readonly error?: string | null | undefined;
  /** With `failed`: because its time was over. */
  readonly timedOut?: boolean | undefined;
}

export interface RunbookStore {
  /** A new version, unless the newest one has this text. Throws HoopError `conflict` when another origin has the name. */
  put(runbook: Omit<StoredRunbook, "version" | "at">): Promise<StoredRunbook>;
  get(name: string, version?: number): Promise<StoredRunbook | null>;
  list(): Promise<readonly StoredRunbook[]>;
  versions(name: string): Promise<readonly Omit<StoredRunbook, "text">[]>;
  /** Versions and runs stay. */
  remove(name: string): Promise<boolean>;

  sources(): Promise<readonly RunbookSource[]>;
  putSource(source: NewSource): Promise<void>;
  removeSource(name: string): Promise<boolean>;
  synced(name: string, result: { readonly commit: string | null; readonly problem: string | null }): Promise<void>;
  /** Whether this replica looks at that source now: one does, and not more often than `everyMs`. */
  claimSource(name: string, everyMs: number): Promise<boolean>;

  /** `made` false: this key was used for this runbook before, and that is its run. */
  open(run: NewRun): Promise<{ readonly run: Run; readonly made: boolean }>;
  run(id: string): Promise<Run | null>;
  parameters(id: string): Promise<ParameterValues>;
  runs(filter: RunFilter): Promise<readonly Run[]>;
  steps(id: string): Promise<readonly StepRecord[]>;
  /** False: another replica has it by now. */
  update(id: string, replica: string, patch: RunPatch): Promise<boolean>;
  putStep(id: string, replica: string, step: StepRecord): Promise<boolean>;
  /** Says that they go on. Answers which are still this replica's, and whether somebody wants it ended. */
  beat(
    replica: string,
    ids: readonly string[],
  ): Promise<readonly { readonly id: string; readonly cancelledBy: string | null }[]>;
  /**
   * Runs that nobody said anything of for so long: they are this replica's now. Its own are among them when it lost sight of them
   * itself; those of `held` it still follows.
   */
  adopt(replica: string, held: readonly string[], lostMs: number, limit: number): Promise<readonly Run[]>;
  /** Runs that are over and whose end nobody recorded for so long: this replica does. */
  untold(replica: string, lostMs: number, limit: number): Promise<readonly Run[]>;
  /** The end of a run is in the audit. */
  told(id: string): Promise<void>;
  /** Nobody's again: another replica may adopt it at once. */
  release(id: string, replica: string): Promise<void>;
  /** Deletes runs that ended before then, with their steps and keys, in batches. Those whose end is not in the audit yet stay. */
  sweepRuns(keepDays: number, signal: AbortSignal): Promise<number>;
  /** False: it is over. */
  askCancel(id: string, by: string): Promise<boolean>;

  /** The schedules that there are now, with when each comes next; those that changed or are new are set, others removed. */
  putSchedules(
    schedules: readonly {
      readonly runbook: string;
      readonly n: number;
      readonly fingerprint: string;
      readonly next: Date;
    }[],
  ): Promise<void>;
  due(limit: number): Promise<readonly DueSchedule[]>;
  /** False: another replica was first. */
  advance(due: DueSchedule, next: Date | null): Promise<boolean>;
  /** The store's clock. */
  now(): Promise<Date>;
  /** Called after runbooks, sources or runs changed. Returns the way to stop. */
  watch(listener: () => void): () => void;
}
