/** Rows of one statement: none holds its locks for long, and none makes a transaction that others must wait for. */
const batch = 1_000;

/**
 * Deletes a bounded number of rows at a time until there are none left, or the signal. `some` deletes as many as it is given, and
 * answers how many.
 */
export async function deleteInBatches(signal: AbortSignal, some: (limit: number) => Promise<number>): Promise<number> {
  let deleted = 0;
  while (!signal.aborted) {
    const count = await some(batch);
    deleted += count;
    if (count < batch) break;
  }
  return deleted;
}
