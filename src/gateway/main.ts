import { nativeCrypto } from "../protocols/ssh/index.js";
import { startGateway } from "./compose.js";
import type { GatewayConfig } from "./config.js";
import { createLog } from "./log.js";

export { gatewayConfig, gatewaySettings } from "./config.js";

export interface GatewayReady {
  readonly http: string;
  readonly grpc: string;
  readonly setup: { readonly token: string; readonly expires: Date } | null;
  readonly samplesMade: boolean;
}

/** Runs a gateway until `signal` aborts, then drains it. */
export async function runGateway(
  config: GatewayConfig,
  { signal, ready }: { signal: AbortSignal; ready?: (gateway: GatewayReady) => void },
): Promise<void> {
  const log = createLog(config.HOOP_LOG_LEVEL);
  const gateway = await startGateway(config, { log, signal });
  if (!nativeCrypto()) log.warn({}, "ssh2's compiled part is missing: SSH works, at a fraction of its speed");
  log.info({ http: gateway.http, grpc: gateway.grpc }, "ready");
  ready?.(gateway);
  await new Promise<void>((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  log.info({}, "shutting down");
  await gateway.close();
}
