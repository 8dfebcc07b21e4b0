import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { HoopError } from "../vocabulary/index.js";

/** The number of a user of this machine, given by number or name. */
export async function uidOf(user: string): Promise<number> {
  if (/^\d{1,10}$/.test(user)) return Number(user);
  if (!/^[a-zA-Z_][\w.@-]{0,63}\$?$/.test(user))
    throw new HoopError("invalid", `${JSON.stringify(user)} is not a name of a user`);
  try {
    const { stdout } = await promisify(execFile)("id", ["-u", "--", user], { timeout: 5_000 });
    return Number(stdout.trim());
  } catch (cause) {
    throw new HoopError("not-found", `this machine has no user ${user}`, { cause });
  }
}
