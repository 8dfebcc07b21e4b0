import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { HoopError } from "../../vocabulary/index.js";
import { type ProcessUser, reachable } from "./process-user.js";
import { belongsTo, reclaimServers } from "./reclaim.js";

/** Where a folder outside of the state folder goes when the server's user cannot reach that. */
export const sharedFolder = process.platform === "darwin" ? "/var/db/hoop" : "/var/lib/hoop";

/** The folder that holds the server's files, made if need be. Never chosen anew once chosen: its data would be gone. */
export async function serverFolder(folder: string, user: ProcessUser): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const note = join(folder, "location");
  const noted = (await readFile(note, "utf8").catch(() => "")).trim();
  if (noted !== "") {
    const chosen = resolve(folder, noted);
    const there = await stat(chosen).catch(() => null);
    if (there !== null && (user.uid === null || (await reachable(chosen, user)))) return chosen;
    throw new HoopError(
      "unavailable",
      `the database's files in ${chosen} ${there === null ? "are gone" : "cannot be reached by its user"}`,
      {
        hint: `bring them back; to start with an empty database, remove ${folder}`,
      },
    );
  }
  const place = await choose(folder, user);
  // Relative where it is inside: the state folder may be moved.
  const text = place.startsWith(sharedFolder) ? place : relative(folder, place) || ".";
  await writeFile(`${note}.new`, `${text}\n`, { mode: 0o600 });
  await rename(`${note}.new`, note);
  return place;
}

async function choose(folder: string, user: ProcessUser): Promise<string> {
  if (user.uid === null || user.gid === null) return folder;
  // The server's user passes through, it does not read: what lies beside its own folder is ours.
  await chmod(folder, 0o711);
  const inside = join(folder, "server");
  await mkdir(inside, { recursive: true, mode: 0o700 });
  await chown(inside, user.uid, user.gid);
  if (await reachable(inside, user)) return inside;
  await chmod(folder, 0o700);
  await mkdir(sharedFolder, { recursive: true, mode: 0o755 });
  // A name of its own each time: a state folder that was removed must not find the data of the one before.
  const outside = join(sharedFolder, `server-${randomBytes(8).toString("hex")}`);
  await mkdir(outside, { mode: 0o700 });
  await writeFile(join(outside, belongsTo), `${folder}\n`, { mode: 0o600 });
  await chown(outside, user.uid, user.gid);
  await reclaimServers(sharedFolder);
  if (await reachable(outside, user)) return outside;
  throw new HoopError(
    "unavailable",
    `neither ${folder} nor ${outside} can be reached by the embedded PostgreSQL's user`,
    {
      hint: "choose a state folder that is not below a folder closed to others, or set DATABASE_URL",
    },
  );
}
