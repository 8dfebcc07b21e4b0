import { lookup } from "node:dns/promises";
import { nowhere } from "./hosts.js";

/**
 * Where the system leads programs for `name`, when that is not our `address`: another tunnel of this machine may serve the
 * same name. Null: to us. What a stopped tunnel left leads nowhere, and programs go on to the next address.
 */
export async function leadsElsewhere(name: string, address: string): Promise<string | null> {
  const found = await lookup(name, { family: 4, all: true }).catch(() => []);
  const first = found.map((one) => one.address).find((one) => one !== nowhere);
  return first === undefined || first === address ? null : first;
}
