import type { Connection, Effect, HoldTerms, HoopError, Subject, SubjectId } from "../vocabulary/index.js";

/** People as they are now, by id. Who is disabled, removed or unknown is left out. Throws HoopError `unavailable`. */
export type FindPeople = (ids: readonly SubjectId[]) => Promise<ReadonlyMap<SubjectId, Subject>>;

/**
 * What policy asks for before somebody may have this access for a while, and for how long at most. Null: it cannot be asked
 * for. No terms: nobody has to approve.
 */
export type RequestTerms = (
  subject: Subject,
  connection: Connection,
  effects: readonly Effect[],
) => { readonly terms: readonly HoldTerms[]; readonly maxMs: number } | null;

/** What policy asks for before somebody is shown the value behind a token of that purpose. Null, or none: it cannot be asked for. */
export type RevealTerms = (subject: Subject, purpose: string) => readonly HoldTerms[] | null;

/** One step of a review or grant, for the recording. No text of what was held is in it. */
export interface ReviewEntry {
  readonly kind: "change";
  readonly actor: { readonly subject: string; readonly name: string; readonly system?: boolean | undefined };
  readonly what: string;
  readonly target: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** The recorder, as far as reviews use it. */
export interface ReviewRecorder {
  append(entry: ReviewEntry, done?: (error: HoopError | null) => void): void;
  healthy(): boolean;
}

export interface ReviewLog {
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}
