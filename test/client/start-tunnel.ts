import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TokenSource } from "../../src/client/profile/token-source.js";
import { createGrpcGateway } from "../../src/client/tunnel/grpc-gateway.js";
import { machineAt } from "../../src/client/tunnel/machine/machine.js";
import type { TunnelOptionsInput } from "../../src/client/tunnel/options.js";
import { type RunTunnelParts, runTunnel } from "../../src/client/tunnel/run-tunnel.js";
import type { TunnelStatus } from "../../src/client/tunnel/status.js";

export const hostsBefore = "127.0.0.1\tlocalhost\n# kept as it is\n10.0.0.1 other";

/** A folder that looks like the root of a machine, with a hosts file. */
export function fakeRoot(): { root: string; hosts: string; remove(): void } {
  const root = mkdtempSync(join(tmpdir(), "hoop-root-"));
  mkdirSync(join(root, "etc"));
  const hosts = join(root, "etc/hosts");
  writeFileSync(hosts, hostsBefore);
  return { root, hosts, remove: () => rmSync(root, { recursive: true, force: true }) };
}

export interface StartedTunnel {
  readonly ready: Promise<TunnelStatus>;
  readonly stateFolder: string;
  readonly log: string[];
  stop(): Promise<void>;
}

/** A tunnel in this process, on a machine whose files lie under `root`, with addresses of its own. */
export function startTunnel(
  url: string,
  root: string,
  options: Partial<TunnelOptionsInput> = {},
  parts: Partial<RunTunnelParts> & { tokens?: TokenSource } = {},
): StartedTunnel {
  const stateFolder = options.stateFolder ?? join(root, "state");
  const stopping = new AbortController();
  const log: string[] = [];
  let done: Promise<void> = Promise.resolve();
  const ready = new Promise<TunnelStatus>((resolve, reject) => {
    done = runTunnel(
      {
        stateFolder,
        names: "hosts",
        range: "127.78.0.0/16",
        redirect: "never",
        allowedUids: [process.getuid!()],
        ...options,
      },
      {
        gateway: createGrpcGateway({
          url,
          tokens: parts.tokens ?? { token: async () => "good", renew: async () => null },
          version: "test",
        }),
        signal: stopping.signal,
        machine: machineAt(root, process.platform, true),
        log: (level, text) => log.push(`${level} ${text}`),
        ready: resolve,
        ...parts,
      },
    );
    done.catch(reject);
  });
  return {
    ready,
    stateFolder,
    log,
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
