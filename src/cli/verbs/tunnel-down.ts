import { setTimeout as sleep } from "node:timers/promises";
import { alive } from "../../client/file-lock.js";
import { askTunnel } from "../../client/tunnel/control/ask-tunnel.js";
import { thisMachine } from "../../client/tunnel/machine/machine.js";
import { closeAfterCrash } from "../../client/tunnel/recover.js";
import { HoopError } from "../../vocabulary/index.js";
import type { Verb } from "../invocation.js";

const patienceMs = 15_000;

export const run: Verb = async ({ context }) => {
  const { tunnel } = context.folders;
  try {
    const { pid } = await askTunnel(tunnel, "down");
    const deadline = Date.now() + patienceMs;
    while (alive(pid) && (await stillAnswers(tunnel))) {
      if (Date.now() > deadline) throw new HoopError("timeout", `the tunnel (pid ${pid}) does not stop`, { hint: `end it: kill ${pid}` });
      await sleep(50);
    }
    context.out.result({ stopped: pid }, () => "The tunnel is down; .hoop names fail until it is up again.");
  } catch (error) {
    if (!(error instanceof HoopError) || error.code !== "unavailable") throw error;
    // It may have crashed: what it left is closed here.
    const failures = await closeAfterCrash(tunnel, thisMachine());
    for (const failure of failures) context.out.warn(`could not put back ${failure}`);
    context.out.result({ stopped: null }, () => "No tunnel runs.");
  }
};

async function stillAnswers(folder: string): Promise<boolean> {
  try {
    await askTunnel(folder, "status", 1_000);
    return true;
  } catch {
    return false;
  }
}
