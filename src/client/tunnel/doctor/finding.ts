/** One thing that `hoop tunnel doctor` looked at. */
export interface Finding {
  readonly check: string;
  readonly result: "ok" | "warning" | "failed";
  /** What was found, in a sentence. */
  readonly text: string;
  /** What to do about it. */
  readonly fix?: string | undefined;
}
