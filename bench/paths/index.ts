import type { Path } from "../path.js";
import { direct } from "./direct.js";
import { hoop, hoopBytes, hoopMasked, hoopPlain, hoopPolicyOff } from "./hoop.js";
import { pgbouncer } from "./pgbouncer.js";
import { pipes } from "./pipes.js";
import { ssh } from "./ssh.js";

/** The ladder, from the shortest way to the longest. */
export const paths: readonly Path[] = [
  direct,
  pgbouncer,
  ssh,
  pipes,
  hoopPolicyOff,
  hoop,
  hoopMasked,
  hoopPlain,
  hoopBytes,
];
