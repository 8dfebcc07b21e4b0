import { thisMachine } from "../../client/tunnel/machine/machine.js";
import { closeAfterCrash } from "../../client/tunnel/recover.js";
import type { Verb } from "../invocation.js";
import { stopTunnel } from "../stop-tunnel.js";

export const run: Verb = async ({ context }) => {
  const { tunnel } = context.folders;
  const stopped = await stopTunnel(tunnel);
  // It may have crashed: what it left is closed here.
  const failures = stopped === null ? await closeAfterCrash(tunnel, thisMachine()) : [];
  for (const failure of failures) context.out.warn(`could not put back ${failure}`);
  context.out.result({ stopped }, () =>
    stopped === null ? "No tunnel runs." : "The tunnel is down; .hoop names fail until it is up again.",
  );
};
