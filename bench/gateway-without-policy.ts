// A gateway whose gate allows everything at once and records no statement. For measurements of what judging costs, and for
// nothing else: it is started by the bench on loopback, with a store of its own, and is no part of what is installed.
import { join } from "node:path";
import { startGateway } from "../src/gateway/compose.js";
import { gatewayConfig } from "../src/gateway/config.js";
import { createLog } from "../src/gateway/log.js";
import type { createGate } from "../src/relay/gate.js";
import { type Analysis, statementId } from "../src/vocabulary/index.js";

const analysis: Analysis = { shape: "", effects: ["read"], resources: [], attributes: {}, unknowns: [] };

const allowAll: typeof createGate = (ports, asker) => {
  let count = 0;
  return {
    judge(_id, _ask, answer) {
      const verdict = { outcome: "allow", reasons: [], policyVersion: "none" } as const;
      const permit = ports.mintPermit(
        { verdict, dependsOn: new Set() },
        statementId(asker.session, ++count),
        "forward",
      );
      answer({ outcome: "allow", permit, analysis, masks: null });
    },
    lookup: (_ask, _relations, answer) => answer(null),
    note: () => undefined,
    get statements() {
      return count;
    },
  };
};

const stopped = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopped.abort());

const config = gatewayConfig(process.env, join(process.cwd(), ".cache"));
const gateway = await startGateway(config, { log: createLog("warn"), signal: stopped.signal, createGate: allowAll });
console.log(JSON.stringify({ ready: true, http: gateway.http, grpc: gateway.grpc }));
stopped.signal.addEventListener("abort", () => void gateway.close().then(() => process.exit(0)), { once: true });
