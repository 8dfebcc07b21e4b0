import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";

/** A quarter to a third of what another thread gets where they share a core; all of it where nobody else wants it. */
const nice = 5;

/** This thread alone gives way to the others, where the system tells a thread its number and counts niceness by thread (Linux). */
export function lowerPriority(): void {
  try {
    const thread = /\/task\/(\d+)$/.exec(readlinkSync("/proc/thread-self"))?.[1];
    if (thread !== undefined) setPriority(Number(thread), nice);
  } catch {
    // Elsewhere it runs like any other.
  }
}
