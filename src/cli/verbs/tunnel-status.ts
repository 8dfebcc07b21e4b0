import { askTunnel } from "../../client/tunnel/control/ask-tunnel.js";
import type { Verb } from "../invocation.js";
import { showStatus } from "../show-status.js";

export const run: Verb = async ({ context }) => {
  const status = await askTunnel(context.folders.tunnel, "status");
  context.out.result(status, () => showStatus(status, context.out));
};
