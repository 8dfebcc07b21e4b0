import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { removeEmbeddedPostgres, stopEmbeddedPostgres } from "../storage/embedded/remove.js";

/**
 * Stops sample databases of a gateway that was killed, and removes their files where no connection leads to samples any more. The
 * other samples end with their gateway and keep no files.
 */
export async function tidySamples(folder: string, wanted: () => boolean): Promise<void> {
  const servers = (await readdir(folder).catch(() => [])).filter((name) => name.startsWith("postgres-"));
  for (const server of servers) {
    if (wanted()) await stopEmbeddedPostgres(join(folder, server));
    else await removeEmbeddedPostgres(join(folder, server));
  }
}
