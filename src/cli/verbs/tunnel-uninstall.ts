import { rmSync } from "node:fs";
import { askTunnel } from "../../client/tunnel/control/ask-tunnel.js";
import { describeChange } from "../../client/tunnel/machine/machine-journal.js";
import { thisMachine } from "../../client/tunnel/machine/machine.js";
import { openJournal } from "../../client/tunnel/tunnel.js";
import { HoopError } from "../../vocabulary/index.js";
import type { Verb } from "../invocation.js";

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const { tunnel } = context.folders;
  const machine = thisMachine();
  const journal = openJournal(tunnel, machine);
  const changes = journal.changes.map(describeChange);
  if (changes.length > 0 && !machine.privileged) {
    throw new HoopError("denied", `putting back ${changes.join(", ")} needs root`, { hint: "sudo hoop tunnel uninstall" });
  }
  const running = await askTunnel(tunnel, "status").catch(() => null);
  if (running) await (await import("./tunnel-down.js")).run(invocation);
  // Read again: going down changed it.
  const failures = await openJournal(tunnel, machine).restore();
  if (failures.length > 0) throw new HoopError("unavailable", `could not put back ${failures.join(", ")}`, { hint: "what is left is listed in machine.json; run this again" });
  rmSync(tunnel, { recursive: true, force: true });
  context.out.result({ putBack: changes }, () => (changes.length > 0 ? `Put back: ${changes.join(", ")}. Nothing of the tunnel is left.` : "Nothing of the tunnel is left."));
};
