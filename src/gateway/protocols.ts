import type { Protocol } from "../protocol/index.js";
import { postgres } from "../protocols/postgres/index.js";

/** Every protocol this gateway speaks. */
export const protocols = [postgres] as const satisfies readonly Protocol[];
