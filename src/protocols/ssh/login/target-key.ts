import { createHash } from "node:crypto";
import type { SessionKeys } from "../../../protocol/index.js";
import { HoopError } from "../../../vocabulary/index.js";

/** Throws HoopError `denied` when it is not the target's key. */
export async function verifyTargetKey(
  key: Buffer,
  pinned: readonly string[] | null,
  keys: Pick<SessionKeys, "known" | "learn">,
): Promise<void> {
  const shown = key.toString("base64");
  if (pinned !== null) {
    if (pinned.some((line) => line.split(" ")[1] === shown)) return;
    throw changed(key, "is not one of those that the connection names");
  }
  const known = await keys.known();
  if (known === null ? await keys.learn(shown) : known.includes(shown)) return;
  throw changed(key, "is not the one that was seen first: the target was set up anew, or somebody stands in its place");
}

function changed(key: Buffer, why: string): HoopError {
  const fingerprint = createHash("sha256").update(key).digest("base64").replace(/=+$/, "");
  return new HoopError("denied", `the target's host key SHA256:${fingerprint} ${why}`, {
    hint: "an admin who has checked it can set target.hostKeys for this connection",
  });
}
