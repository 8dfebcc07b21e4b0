import { refuseHttp } from "./http.js";
import { refusePostgres } from "./postgres.js";
import type { RefusalFactory } from "./refusal.js";
import { refuseSsh } from "./ssh.js";

export type { Refusal, RefusalFactory } from "./refusal.js";

/**
 * What the tunnel itself can say, by protocol, when no gateway is there to say it. A protocol without a line here has its
 * connection closed at once.
 */
export const refusals: Readonly<Record<string, RefusalFactory>> = {
  http: refuseHttp,
  postgres: refusePostgres,
  ssh: refuseSsh,
};
