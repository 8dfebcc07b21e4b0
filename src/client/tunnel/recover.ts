import { parseSubnet } from "./allocate.js";
import type { Machine } from "./machine/machine.js";
import { namesModes } from "./names/index.js";
import { zone } from "./names/names-mode.js";
import { blockTag, openJournal } from "./tunnel.js";
import { readAllocation } from "./tunnel-state.js";

/**
 * For a tunnel that is gone without having said so: leaves the names failing closed and puts back what must not outlive a
 * tunnel. Answers what could not be put back.
 */
export async function closeAfterCrash(stateFolder: string, machine: Machine): Promise<string[]> {
  const journal = openJournal(stateFolder, machine);
  const tag = blockTag(stateFolder);
  const failures = await journal.restore((change) => change.kind === "command" && !change.stays);
  const known = readAllocation(stateFolder, parseSubnet("127.0.0.0/9")).toJSON();
  const names = new Map(known.map(([name, address]) => [`${name}.${zone}`, address]));
  for (const mode of namesModes) {
    const left = journal.changes.some((change) => mode.owns(change));
    if (left) await mode.failClosed({ machine, journal, tag, dns: { address: "", port: 0 } }, names);
  }
  return failures;
}

/** Puts everything back that a tunnel with this state folder ever changed. Answers what could not be put back. */
export function restoreMachine(stateFolder: string, machine: Machine): Promise<string[]> {
  return openJournal(stateFolder, machine).restore();
}
