import type { ExportSource, ExportTarget } from "./target.js";

export interface ExporterDraft {
  readonly name: string;
  readonly sources: readonly ExportSource[];
  readonly target: ExportTarget;
  readonly enabled: boolean;
}

/** How far it is: the position of the last event, and the last entry of each chain. */
export interface ExportCursor {
  /** Null: not begun; it begins with what comes next. */
  readonly events: number | null;
  readonly entries: Readonly<Record<string, number>>;
}

export interface Exporter extends ExporterDraft {
  readonly version: number;
  readonly cursor: ExportCursor;
  readonly createdAt: Date;
  readonly deliveredAt: Date | null;
  readonly delivered: number;
  readonly failures: number;
  readonly problem: string | null;
  /** Events that were deleted before they were delivered. */
  readonly lost: number;
  /** The replica that delivers; null: none now. */
  readonly replica: string | null;
}

export interface ExporterStore {
  list(): Promise<readonly Exporter[]>;
  get(name: string): Promise<Exporter | null>;
  /** New, or with another target; its cursor stays. */
  put(draft: ExporterDraft, begin: ExportCursor): Promise<Exporter>;
  remove(name: string): Promise<boolean>;
  /** Null: another replica delivers, or it waits after a failure. Renewed by the same call. */
  lease(name: string, replica: string, ms: number): Promise<Exporter | null>;
  /** Moves the cursor. False: the lease is lost, or the exporter was changed meanwhile. */
  delivered(
    name: string,
    replica: string,
    version: number,
    cursor: ExportCursor,
    lines: number,
    lost: number,
  ): Promise<boolean>;
  failed(name: string, replica: string, problem: string, waitMs: number): Promise<void>;
  release(name: string, replica: string): Promise<void>;
  watch(listener: () => void): () => void;
}

/** Where lines come from. */
export interface LineSource {
  /** Lines behind the cursor, in order, with the cursor behind the last of them. Empty: there is nothing new. */
  read(
    sources: readonly ExportSource[],
    cursor: ExportCursor,
    limit: number,
  ): Promise<{
    readonly lines: readonly import("./line.js").Line[];
    readonly cursor: ExportCursor;
    readonly lost: number;
  }>;
  /** Where it stands now: an exporter that is new begins here. */
  newest(): Promise<ExportCursor>;
  /** What lies between the cursor and the newest. */
  lag(sources: readonly ExportSource[], cursor: ExportCursor): Promise<number>;
}
