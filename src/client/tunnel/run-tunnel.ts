import { leaveHeapRoomForBytes } from "../../transport/index.js";
import { HoopError } from "../../vocabulary/index.js";
import { serveControl } from "./control/control-server.js";
import { examine } from "./doctor/examine.js";
import type { GatewayPort } from "./gateway-port.js";
import { type Machine, thisMachine } from "./machine/machine.js";
import { type TunnelOptionsInput, tunnelOptionsSchema } from "./options.js";
import { type OwnerSource, procOwnerSource } from "./owner/peer-owner.js";
import type { TunnelStatus } from "./status.js";
import { Tunnel } from "./tunnel.js";

/** What a tunnel runs on. */
export interface RunTunnelParts {
  readonly gateway: GatewayPort;
  /** Aborted: the tunnel stops in order. */
  readonly signal: AbortSignal;
  readonly log?: (level: "info" | "warn", text: string) => void;
  /** Called once, when the first list of connections is published: listeners open, names known. */
  readonly ready?: (status: TunnelStatus) => void;
  /** The machine to set up; tests give one under a folder of their own. */
  readonly machine?: Machine;
  /** Who opens connections; null: not asked. Default: the kernel's table on Linux, null elsewhere. */
  readonly owners?: OwnerSource | null;
}

/**
 * Runs the tunnel until `signal` is aborted or `hoop tunnel down` asks it to stop. Throws `conflict` when another one with
 * the same state folder runs.
 *
 * @example await runTunnel({ stateFolder }, { gateway: createGatewayLink({ … }), signal, ready: (status) => … });
 */
export async function runTunnel(input: TunnelOptionsInput, parts: RunTunnelParts): Promise<void> {
  const parsed = tunnelOptionsSchema.safeParse(input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new HoopError("invalid", `the tunnel's option ${issue?.path.join(".")}: ${issue?.message}`);
  }
  leaveHeapRoomForBytes();
  const options = parsed.data;
  const machine = parts.machine ?? thisMachine();
  const owners = parts.owners !== undefined ? parts.owners : machine.platform === "linux" ? procOwnerSource() : null;
  const { ready } = parts;
  let told = false;
  const tunnel = new Tunnel(options, {
    gateway: parts.gateway,
    machine,
    owners,
    log: parts.log ?? (() => {}),
    settled() {
      if (told) return;
      told = true;
      ready?.(tunnel.status());
    },
  });
  let stop: () => void = () => {};
  const stopping = new Promise<void>((resolve) => {
    stop = resolve;
    if (parts.signal.aborted) resolve();
    else parts.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const [uid] = options.allowedUids;
  const control = await serveControl(
    options.stateFolder,
    {
      status: () => tunnel.status(),
      doctor: () => examine(tunnel.status(), tunnel.names, machine),
      down: () => {
        // After the answer has left.
        setTimeout(stop, 20);
        return { pid: process.pid };
      },
    },
    uid,
  );
  try {
    await tunnel.start();
    await stopping;
  } finally {
    await tunnel.stop();
    control.close();
  }
}
