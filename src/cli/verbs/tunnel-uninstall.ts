import { rmSync } from "node:fs";
import { thisMachine } from "../../client/tunnel/machine/machine.js";
import { describeChange } from "../../client/tunnel/machine/machine-journal.js";
import { openJournal, openServiceJournal } from "../../client/tunnel/tunnel.js";
import { HoopError } from "../../vocabulary/index.js";
import type { Verb } from "../invocation.js";
import { stopTunnel } from "../stop-tunnel.js";

export const run: Verb = async ({ context }) => {
  const { tunnel } = context.folders;
  const machine = thisMachine();
  const service = openServiceJournal(tunnel, machine);
  const changes = [...service.changes, ...openJournal(tunnel, machine).changes].map(describeChange);
  if (changes.length > 0 && !machine.privileged) {
    throw new HoopError("denied", `putting back ${changes.join(", ")} needs root`, {
      hint: "sudo hoop tunnel uninstall",
    });
  }
  const failures = await service.restore();
  await stopTunnel(tunnel);
  // Read again: going down changed it.
  failures.push(...(await openJournal(tunnel, machine).restore()));
  if (failures.length > 0)
    throw new HoopError("unavailable", `could not put back ${failures.join(", ")}`, {
      hint: "what is left is listed in machine.json; run this again",
    });
  rmSync(tunnel, { recursive: true, force: true });
  context.out.result({ putBack: changes }, () =>
    changes.length > 0
      ? `Put back: ${changes.join(", ")}. Nothing of the tunnel is left.`
      : "Nothing of the tunnel is left.",
  );
};
