/**
 * Runs `work` with the rights of `uid` where this is root, so that what a user put into their own folder (a link, say)
 * cannot make root touch anything else. Synchronous: nothing else of this process runs meanwhile. Null: as we are.
 */
export function actAs<T>(uid: number | null, work: () => T): T {
  if (uid === null || uid === 0 || process.geteuid?.() !== 0) return work();
  process.seteuid!(uid);
  try {
    return work();
  } finally {
    process.seteuid!(0);
  }
}
