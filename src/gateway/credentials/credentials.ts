import { randomBytes } from "node:crypto";
import type { AgentRegistry } from "../../agents/index.js";
import type { Connections } from "../../connections/index.js";
import type { Recorder } from "../../recording/recorder.js";
import { type AdminLanes, createAdminLanes } from "../../relay/admin-lanes.js";
import type { Protocols } from "../../relay/context.js";
import { createEphemeralCredentials, type EphemeralCredentials } from "../../secrets/ephemeral/index.js";
import { type CredentialProvider, createCredentialProvider, type SecretVault } from "../../secrets/index.js";
import { createRotations, type Rotations } from "../../secrets/rotation/index.js";
import { createEphemeralUserStore } from "../../storage/ephemeral-users.js";
import { createRotationStore } from "../../storage/rotations.js";
import type { Store } from "../../storage/store.js";
import type { Pipe } from "../../transport/pipe.js";
import { type Connection, deadline, HoopError } from "../../vocabulary/index.js";
import type { GatewayConfig } from "../config.js";
import type { Log } from "../log.js";
import { secretSources } from "./sources.js";

export interface CredentialParts {
  readonly config: GatewayConfig;
  readonly vault: SecretVault;
  readonly store: Store;
  readonly connections: Connections;
  readonly protocols: Protocols;
  readonly agents: AgentRegistry;
  readonly dial: (connection: Connection, signal: AbortSignal) => Promise<Pipe>;
  readonly recorder: Recorder;
  readonly replica: string;
  readonly log: Log;
}

/** How the gateway logs in at targets. */
export interface GatewayCredentials {
  /** For sessions: a user of their own where the target allows it, else the stored login. */
  readonly provider: EphemeralCredentials;
  /** The stored login. */
  readonly stored: CredentialProvider;
  readonly admins: AdminLanes;
  readonly rotations: Rotations;
  close(): Promise<void>;
}

export function startCredentials(parts: CredentialParts): GatewayCredentials {
  const { vault, store, connections, protocols, dial, replica, log } = parts;
  const rotations = createRotations({
    ...{ vault, replica, log, now: Date.now, random: randomBytes },
    store: createRotationStore(store),
    connections: () => connections.source.list(),
    can: ({ protocol }) => protocols.get(protocol)?.administer !== undefined,
    open(connection, user, secret) {
      const administer = protocols.get(connection.protocol)?.administer;
      if (administer === undefined)
        throw new HoopError("unsupported", `nothing is changed at ${connection.protocol} targets`);
      return administer(() => dial(connection, deadline(10_000)), connection, { user, secret });
    },
    commit: async (connection, secret) => void (await connections.edit(connection.id, {}, { secret })),
    record: (connection, after) =>
      parts.recorder.append({
        kind: "change",
        actor: { subject: "system", name: "system", system: true },
        ...{ what: "credential.rotated", target: connection.name, before: null, after },
      }),
  });
  const sources = secretSources(parts.config, log);
  const kept = createCredentialProvider(vault, (name) => protocols.get(name)?.userless !== true, sources);
  const stored: CredentialProvider = {
    async lease(connection, subject, signal) {
      await rotations.settled(connection);
      return kept.lease(connection, subject, signal);
    },
  };
  const admins = createAdminLanes({ protocols, stored, dial });
  const stop = parts.agents.watch(() => {
    for (const agent of parts.agents.list()) if (agent.draining) admins.release(agent.name);
  });
  const provider = createEphemeralCredentials({
    ...{ stored, admins, replica, log },
    store: createEphemeralUserStore(store),
    connections: {
      byName: (name) => connections.source.byName(name),
      byId: (id) => connections.source.list().find((connection) => connection.id === id),
    },
    async logIn(connection, credential) {
      const operate = protocols.get(connection.protocol)?.operate;
      const signal = deadline(10_000);
      const operator = await operate?.(() => dial(connection, signal), connection, credential, null);
      try {
        await operator?.ping();
      } finally {
        operator?.close();
      }
    },
    random: randomBytes,
    now: Date.now,
  });
  return {
    ...{ provider, stored, admins, rotations },
    async close() {
      stop();
      rotations.close();
      await provider.close();
      admins.close();
      await sources.close();
    },
  };
}
