import type { EntryBody } from "../recording/index.js";
import type { ScreenFrame } from "../recording/screen/screen-reader.js";
import type { SubjectId } from "../vocabulary/index.js";
import type { RecordedSession, SessionsWithin } from "./deps.js";

/** Something that happens in a session that is looked at. */
export type WatchEvent =
  | { readonly kind: "frame"; readonly terminal: number; readonly frame: ScreenFrame }
  | { readonly kind: "entry"; readonly entry: EntryBody }
  /** Nothing new, and still there. */
  | { readonly kind: "alive" };

type Summary = Pick<RecordedSession, "id" | "connection" | "startedAt">;

/** A line that stood on a screen. */
export interface ScreenHit extends Summary {
  /** Whose session it was. */
  readonly name: string;
  readonly terminal: number;
  /** Seconds since the terminal's recording began. */
  readonly at: number;
  /** Masked. */
  readonly line: string;
}

/** What terminals showed, masked. Whoever calls has written down who looks. */
export interface ScreensPort {
  terminals(
    session: string,
  ): Promise<
    readonly { readonly terminal: number; readonly pieces: number; readonly from: number; readonly until: number }[]
  >;
  play(session: string, terminal: number, signal: AbortSignal): AsyncIterable<ScreenFrame>;
  /** From the session's beginning on, until it ends or `signal` aborts. */
  watch(session: string, signal: AbortSignal): AsyncIterable<WatchEvent>;
  /** Newest sessions first; `may` is asked for each before it is opened. Throws HoopError `invalid`. */
  search(wanted: {
    readonly text: string;
    readonly subject?: SubjectId | undefined;
    readonly within?: SessionsWithin | undefined;
    readonly connection?: string | undefined;
    readonly after: string | null;
    may(session: Summary): Promise<boolean>;
  }): Promise<{ readonly items: readonly ScreenHit[]; readonly next: string | null }>;
}
