import type { AuditService, Recorder } from "../recording/index.js";
import type { Log } from "./log.js";

export interface RetentionParts {
  readonly audit: Pick<AuditService, "deletePayloads">;
  readonly recorder: Pick<Recorder, "append" | "healthy">;
  readonly log: Log;
  readonly now: () => number;
}

const dayMs = 24 * 3_600_000;
const hourMs = 3_600_000;

/**
 * Deletes sealed texts, values and errors older than so many days, now and once an hour, and writes down what it did. Entries and
 * their chain stay. Every replica does it; what one has deleted is not there for the next. Returns the way to stop.
 */
export function startRetention(days: number, parts: RetentionParts): () => Promise<void> {
  const stopping = new AbortController();
  let running: Promise<unknown> = Promise.resolve();
  const look = (): void => {
    running = running
      .then(() => deleteOld(days, parts, stopping.signal))
      .catch((error: unknown) =>
        parts.log.warn({ err: error }, "old texts could not be deleted; tried again in an hour"),
      );
  };
  const timer = setInterval(look, hourMs).unref();
  look();
  return async () => {
    clearInterval(timer);
    stopping.abort();
    await running;
  };
}

/** One round. What is deleted without a word of it in the record would look like a loss: then nothing is. */
export async function deleteOld(
  days: number,
  { audit, recorder, now }: RetentionParts,
  signal: AbortSignal,
): Promise<number> {
  if (signal.aborted || !recorder.healthy()) return 0;
  const before = new Date(now() - days * dayMs);
  const deleted = await audit.deletePayloads(before, signal);
  if (deleted === 0) return 0;
  await new Promise<void>((resolve, reject) => {
    recorder.append(
      {
        kind: "change",
        actor: { subject: "system", name: "retention", system: true },
        what: "retention.payloads-deleted",
        target: "recordings",
        before: null,
        after: { olderThan: before.toISOString(), days, deleted },
      },
      (error) => (error === null ? resolve() : reject(error)),
    );
  });
  return deleted;
}
