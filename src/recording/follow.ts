import { HoopError } from "../vocabulary/index.js";
import { type ChainTip, genesis } from "./entry.js";
import type { NewEntry } from "./new-entry.js";
import type { RecordingBatch } from "./store.js";

/**
 * The entries of a batch that a store at `tip` does not have yet. Throws HoopError `conflict` when they do not follow it:
 * a gap, or a chain that forked.
 *
 * @param known the hash that the store has at an earlier place of this chain, to compare what is sent again
 */
export async function newEntries(
  batch: RecordingBatch,
  tip: ChainTip | null,
  known: (seq: number) => Promise<string | null>,
): Promise<readonly NewEntry[]> {
  const at = tip ?? genesis;
  const again = batch.entries.findLast((entry) => entry.seq <= at.seq);
  if (again !== undefined && (await known(again.seq)) !== again.hash) {
    throw new HoopError(
      "conflict",
      `chain ${batch.chain} has another entry ${again.seq} in the store than in the journal`,
      {
        hint: "two gateways have written one chain, or one of both was altered; `hoop audit verify` tells more",
      },
    );
  }
  let previous = at;
  const fresh = again === undefined ? batch.entries : batch.entries.filter((entry) => entry.seq > at.seq);
  for (const entry of fresh) {
    if (entry.seq !== previous.seq + 1 || entry.prev !== previous.hash || entry.chain !== batch.chain)
      throw new HoopError("conflict", `entry ${entry.seq} of chain ${batch.chain} does not follow what the store has`);
    previous = entry;
  }
  return fresh;
}
