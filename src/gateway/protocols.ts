import type { Protocol } from "../protocol/index.js";
import { http } from "../protocols/http/index.js";
import { postgres } from "../protocols/postgres/index.js";
import { ssh } from "../protocols/ssh/index.js";
import { tcp } from "../protocols/tcp/index.js";

/** Every protocol this gateway speaks. */
export const protocols = [postgres, ssh, http, tcp] as const satisfies readonly Protocol[];
