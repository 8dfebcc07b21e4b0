import { z } from "zod";

/** A role at a target, by the rules that names of roles there have. */
export const targetRoleSchema = z
  .string("expected the name of a role at the target")
  .min(1, "a role has a name")
  // PostgreSQL cuts longer names, and two of them would be one.
  .refine((name) => Buffer.byteLength(name) <= 63, "the name of a role has 63 bytes at most")
  .refine((name) => !/[\x00-\x1f\x7f]/.test(name), "the name of a role has no control characters");
