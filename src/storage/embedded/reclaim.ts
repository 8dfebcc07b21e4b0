import { readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { reapServer } from "./reap.js";

/** In a server's folder that lies outside of its state folder: the path of that. */
export const belongsTo = "belongs-to";

/**
 * Removes servers whose state folder was temporary and is gone: a test's, a demo's. Any other state folder that is not
 * there may be on a disk that is not mounted now, and its data stays.
 */
export async function reclaimServers(shared: string): Promise<void> {
  for (const name of await readdir(shared).catch(() => [])) {
    if (!name.startsWith("server-")) continue;
    const place = join(shared, name);
    const state = (await readFile(join(place, belongsTo), "utf8").catch(() => "")).trim();
    if (!state.startsWith(tmpdir() + sep)) continue;
    const gone = await stat(state).then(
      () => false,
      (error: NodeJS.ErrnoException) => error.code === "ENOENT",
    );
    if (!gone) continue;
    await reapServer(join(place, "data"));
    await rm(place, { recursive: true, force: true });
  }
}
