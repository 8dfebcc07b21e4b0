import { join } from "node:path";
import { z } from "zod";
import { readPrivateFile, writePrivateFile } from "../private-file.js";
import { Allocation, type Subnet } from "./allocate.js";

const stateSchema = z.object({
  version: z.literal(1),
  addresses: z.array(z.tuple([z.string().max(63), z.string().max(15)])).max(100_000),
});

/** The addresses that names were given, kept over restarts. A file that cannot be read costs the addresses, no more. */
export function readAllocation(stateFolder: string, subnet: Subnet): Allocation {
  let known: [string, string][] = [];
  try {
    const text = readPrivateFile(allocationPath(stateFolder));
    if (text !== null) known = stateSchema.parse(JSON.parse(text)).addresses;
  } catch {
    known = [];
  }
  return new Allocation(subnet, known);
}

export function writeAllocation(stateFolder: string, allocation: Allocation): void {
  writePrivateFile(allocationPath(stateFolder), `${JSON.stringify({ version: 1, addresses: allocation })}\n`);
}

function allocationPath(stateFolder: string): string {
  return join(stateFolder, "addresses.json");
}
