import { readFile, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { takeOwnership } from "./owner-lock.js";
import { reapServer } from "./reap.js";

/**
 * Stops what still runs of an embedded server whose gateway was killed, and leaves its data.
 * Throws HoopError `conflict` while a process owns it.
 */
export async function stopEmbeddedPostgres(dataDir: string): Promise<void> {
  await owned(dataDir, async (place) => {
    await reapServer(join(place, "data"));
  });
}

/**
 * Removes an embedded server with all its data, also what lies elsewhere because its user could not reach the folder.
 * Throws HoopError `conflict` while a process owns it.
 */
export async function removeEmbeddedPostgres(dataDir: string): Promise<void> {
  await owned(dataDir, async (place) => {
    await reapServer(join(place, "data"));
    await rm(place, { recursive: true, force: true });
  });
  await rm(resolve(dataDir), { recursive: true, force: true });
}

/** While we own the folder, so that nobody starts a server in it. */
async function owned(dataDir: string, action: (place: string) => Promise<void>): Promise<void> {
  const folder = resolve(dataDir);
  if ((await stat(folder).catch(() => null)) === null) return;
  const lock = await takeOwnership(folder);
  try {
    const noted = (await readFile(join(folder, "location"), "utf8").catch(() => "")).trim();
    if (noted !== "") await action(resolve(folder, noted));
  } finally {
    await lock.release();
  }
}
