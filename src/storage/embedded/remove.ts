import { readFile, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { takeOwnership } from "./owner-lock.js";
import { reapServer } from "./reap.js";

/**
 * Removes an embedded server with all its data, also what lies elsewhere because its user could not reach the folder.
 * Throws HoopError `conflict` while a process owns it.
 */
export async function removeEmbeddedPostgres(dataDir: string): Promise<void> {
  const folder = resolve(dataDir);
  if ((await stat(folder).catch(() => null)) === null) return;
  const lock = await takeOwnership(folder);
  try {
    const noted = (await readFile(join(folder, "location"), "utf8").catch(() => "")).trim();
    if (noted !== "") {
      const place = resolve(folder, noted);
      await reapServer(join(place, "data"));
      await rm(place, { recursive: true, force: true });
    }
  } finally {
    await lock.release();
  }
  await rm(folder, { recursive: true, force: true });
}
