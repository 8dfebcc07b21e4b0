import type { TargetCredential } from "../protocol/index.js";
import type { Lease } from "../secrets/lease.js";

/** What a protocol needs of a lease to log in. */
export function credentialFrom({ user, secret, role }: Lease): TargetCredential {
  return role === undefined ? { user, secret } : { user, secret, role };
}
