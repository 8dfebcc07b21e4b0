import { createHmac } from "node:crypto";
import { join } from "node:path";
import type { Connections } from "../connections/index.js";
import { sshHostKeyLine } from "../pki/index.js";
import type { PolicyStore } from "../policy/index.js";
import { ed25519FromSeed } from "../protocols/ssh/login/openssh-key.js";
import { createSamples, isSampleHost, type SampleSecrets, sampleConnections, tidySamples } from "../samples/index.js";
import type { SecretVault } from "../secrets/index.js";
import type { Pipe } from "../transport/pipe.js";
import { type Connection, HoopError } from "../vocabulary/index.js";
import type { GatewayConfig } from "./config.js";
import type { Log } from "./log.js";

/** The samples of this gateway. */
export interface GatewaySamples {
  /** Connections to samples were made by this start. */
  readonly made: boolean;
  /** Null: that is no sample. Throws HoopError; TransportError. */
  dial(connection: Connection, signal: AbortSignal): Promise<Pipe> | null;
  close(): Promise<void>;
}

/**
 * Where nothing is configured there is something to connect to: connections to samples, written at the very first start and never
 * again, so that one which was removed stays away. Called before the first policy is written, which is how a store tells that it is
 * new: a start that is cut off in between is finished by the next.
 */
export async function startSamples({
  config,
  vault,
  connections,
  policyStore,
  log,
}: {
  readonly config: Pick<GatewayConfig, "HOOP_SAMPLES" | "HOOP_STATE_DIR" | "DATABASE_URL">;
  readonly vault: Pick<SecretVault, "purposeKey">;
  readonly connections: Connections;
  readonly policyStore: Pick<PolicyStore, "read">;
  readonly log: Log;
}): Promise<GatewaySamples> {
  // A database of one's own is how a gateway for many begins: what nobody asked for is not on it.
  const on = config.HOOP_SAMPLES === "on" || (config.HOOP_SAMPLES === "auto" && config.DATABASE_URL === undefined);
  const folder = join(config.HOOP_STATE_DIR, "samples");
  await tidySamples(folder, () => connections.source.list().some(({ host }) => isSampleHost(host))).catch(
    (error: unknown) => log.warn({ err: error }, "what an earlier start left of its samples could not be removed"),
  );
  if (!on)
    return {
      made: false,
      dial: ({ host }) => (isSampleHost(host) ? Promise.reject(switchedOff()) : null),
      async close() {},
    };
  const secrets = secretsFrom((await vault.purposeKey("samples")).export());
  const made = (await policyStore.read()).revision === 0;
  if (made) {
    for (const { draft, secret } of sampleConnections(secrets))
      await connections.create(draft, secret).catch((error: unknown) => {
        // By a start that was cut off, or by another replica in the same moment.
        if (!(error instanceof HoopError && error.code === "conflict")) throw error;
      });
    log.info({}, "connections to samples were made");
  }
  const samples = createSamples({ folder, secrets, log });
  return {
    made,
    dial: ({ host }, signal) => (isSampleHost(host) ? samples.dial(host, signal) : null),
    close: () => samples.close(),
  };
}

/** The same on every replica, and nothing to store: who holds the master key can make them again. */
function secretsFrom(key: Buffer): SampleSecrets {
  const derived = (of: string) => createHmac("sha256", key).update(`hoop sample v1\0${of}`).digest();
  const text = (of: string) => derived(of).toString("base64url");
  const hostSeed = derived("ssh host key");
  return {
    pgPassword: text("postgres password"),
    webToken: text("web token"),
    sshPassword: text("ssh password"),
    sshHostKey: ed25519FromSeed(hostSeed).privateKey,
    sshHostKeyLine: sshHostKeyLine(hostSeed),
  };
}

const switchedOff = (): HoopError =>
  new HoopError("precondition-failed", "this is a sample, and samples are switched off at this gateway", {
    hint: "remove it with `hoop connections rm`, or start the gateway with HOOP_SAMPLES=on",
  });
