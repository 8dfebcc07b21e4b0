import type { Connection, HoldTerms, Subject } from "../vocabulary/index.js";
import type { DryStep } from "./dry-run.js";
import type { FindConnection, ParameterValues } from "./parameters.js";
import type { Run, RunCause, StepResult } from "./run.js";
import type { HttpRequest } from "./template/http.js";

/** Where a step goes, and for whom. */
export interface StepTarget {
  readonly connection: string;
  readonly subject: Subject;
  readonly run: string;
  readonly cause: readonly RunCause[];
  /** Told once the recorded session has its id. */
  readonly opened: (session: string) => void;
}

/** One thing to be asked of a target, with its values in their places. */
export type Sending =
  | {
      readonly kind: "sql";
      readonly text: string;
      readonly values: readonly (string | null)[];
      readonly database: string | null;
    }
  | {
      readonly kind: "run";
      readonly command: string;
      /** Values are in it, quoted as a POSIX shell reads them. */
      readonly quoted: boolean;
    }
  | { readonly kind: "http"; readonly request: HttpRequest };

/** Recorded sessions through the same gate as everybody's. Throws HoopError: `denied` with the rules' own words. */
export interface StepLanes {
  send(target: StepTarget, sending: Sending, signal: AbortSignal): Promise<StepResult>;
}

/** What the rules would say; nothing is sent to a target. */
export interface StepJudge {
  judge(
    subject: Subject,
    connection: Connection,
    sending: Sending,
    signal: AbortSignal,
  ): Promise<{
    readonly outcome: "allow" | "deny" | "hold" | "challenge" | "unknown";
    readonly reasons: readonly string[];
  }>;
}

/** Subjects as they are now; null: unknown, removed or disabled. */
export interface RunSubjects {
  byId(id: string): Promise<Subject | null>;
  byName(name: string): Promise<Subject | null>;
  /** Has the permission to run every runbook. */
  mayRunAny(subject: Subject): boolean;
}

/** Connections by name, as far as that subject may use them. */
export interface RunConnections {
  byName(name: string): Connection | null;
  findFor(subject: Subject): FindConnection;
}

/** People who approve; the reviews' desk. */
export interface RunApprovals {
  /** Opens or takes up the review of a run. `decided` is called once it is. */
  ask(
    request: {
      readonly run: string;
      readonly subject: Subject;
      readonly asker: Subject | null;
      readonly connection: Connection;
      readonly digest: string;
      readonly runbook: { readonly name: string; readonly version: number };
      /** Without secret values. */
      readonly parameters: ParameterValues;
      readonly steps: readonly DryStep[];
      readonly terms: HoldTerms;
      readonly why: string;
    },
    decided: (decision: { readonly approved: boolean; readonly why: string }) => void,
  ): Promise<{ readonly review: string; leave(why: "cancelled" | "restarted"): void }>;
  /** Uses the approval up; true for one caller. */
  use(review: string, digest: string): Promise<boolean>;
}

export interface RunbookLog {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

/** Where what happened to a run is told. */
export interface RunWitness {
  /** In the audit, before it goes on. */
  record(what: string, run: Run, after: Readonly<Record<string, unknown>>): Promise<void>;
  /** It is over. Never throws. */
  finished(run: Run): void;
}
