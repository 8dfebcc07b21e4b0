/**
 * Purposes of which a domain seals in bulk by itself. Each has a ring of keys; a rotation gives every one of them a new key, so a ring
 * that could be forgotten there cannot be asked for.
 */
export const ringPurposes = ["recording", "reviews", "runbooks"] as const;
export type RingPurpose = (typeof ringPurposes)[number];

/** Purposes whose one key stays through rotations: what was made with it is compared, never opened. */
export const lastingPurposes = [
  "budgets",
  "masking",
  "native-logins",
  "recovery-codes",
  "review-digests",
  "samples",
  "ssh-host",
] as const;
export type LastingPurpose = (typeof lastingPurposes)[number];
