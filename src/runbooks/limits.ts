/** What a runbook and its runs may be. */
export const runbookLimits = {
  /** Of a document, in bytes. */
  text: 256 * 1024,
  parameters: 50,
  steps: 50,
  schedules: 10,
  /** Of one parameter's value, in characters. */
  value: 64 * 1024,
  /** Kept of one step's output, in bytes; the rest is counted. */
  output: 64 * 1024,
  /** Rows kept of one step's result. */
  rows: 100,
  stepMs: { least: 1_000, usual: 60_000, most: 3_600_000 },
  runMs: { least: 1_000, usual: 15 * 60_000, most: 6 * 3_600_000 },
  /** Runs at a time on one replica, and of one subject. */
  runs: 64,
  runsPerSubject: 16,
  /** A run whose replica said nothing for so long was interrupted. */
  lostMs: 20_000,
  key: 200,
} as const;
