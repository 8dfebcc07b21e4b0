import { createHash } from "node:crypto";
import type { SessionKeys } from "../../../protocol/index.js";
import { HoopError } from "../../../vocabulary/index.js";
import { isCertificate, readHostCertificate } from "../transport/host-certificate.js";

const authorityMark = "@cert-authority ";

/** What a connection says of its target's keys. */
export interface TargetKeys {
  /** As in known_hosts; null: the first one that is seen is kept. */
  readonly pinned: readonly string[] | null;
  /** How the target is called in its certificate, the host that is dialled among them. */
  readonly names: readonly string[];
}

/** Whether a certificate of the target can be verified at all: then it is asked for. */
export function trustsAuthorities(pinned: readonly string[] | null): boolean {
  return pinned?.some((line) => line.startsWith(authorityMark)) === true;
}

/** Throws HoopError `denied` when it is not the target's key, or no certificate that an authority of the connection gave it. */
export async function verifyTargetKey(
  key: Buffer,
  { pinned, names }: TargetKeys,
  keys: Pick<SessionKeys, "known" | "learn">,
  now = Date.now(),
): Promise<void> {
  if (isCertificate(key)) return verifyCertificate(key, pinned ?? [], names, now);
  const shown = key.toString("base64");
  if (pinned !== null) {
    if (pinned.some((line) => !line.startsWith(authorityMark) && line.split(" ")[1] === shown)) return;
    throw changed(
      key,
      trustsAuthorities(pinned) ? "comes without a certificate" : "is not one of those that the connection names",
    );
  }
  const known = await keys.known();
  if (known === null ? await keys.learn(shown) : known.includes(shown)) return;
  throw changed(key, "is not the one that was seen first: the target was set up anew, or somebody stands in its place");
}

function verifyCertificate(blob: Buffer, pinned: readonly string[], names: readonly string[], now: number): void {
  const certificate = readHostCertificate(blob);
  if (certificate === null) throw changed(blob, "has a certificate that does not hold");
  const { key, principals, from, until, authority } = certificate;
  const signer = authority.toString("base64");
  if (!pinned.some((line) => line.startsWith(authorityMark) && line.split(" ")[2] === signer))
    throw changed(key, "is vouched for by an authority that the connection does not name");
  const seconds = BigInt(Math.floor(now / 1_000));
  if (seconds < from || seconds >= until) throw changed(key, "has a certificate that is not good at this time");
  // A certificate without names is good for any host, which is more than an authority means to say.
  if (!principals.some((name) => names.includes(name)))
    throw changed(
      key,
      `has a certificate for ${principals.slice(0, 5).join(", ") || "no name"}, not for ${names.join(" or ")}`,
    );
}

function changed(key: Buffer, why: string): HoopError {
  const fingerprint = createHash("sha256").update(key).digest("base64").replace(/=+$/, "");
  return new HoopError("denied", `the target's host key SHA256:${fingerprint} ${why}`, {
    hint: "an admin who has checked it can set target.hostKeys for this connection",
  });
}
