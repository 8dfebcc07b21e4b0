import { HoopError } from "../../../vocabulary/index.js";
import type { Machine } from "./machine.js";
import type { MachineJournal } from "./machine-journal.js";

/** macOS has only 127.0.0.1 on `lo0`; any other address must be added first. Linux and Windows have all of 127.0.0.0/8. */
export async function addLoopbackAlias(machine: Machine, journal: MachineJournal, address: string): Promise<void> {
  if (machine.platform !== "darwin") return;
  const undo: [string, ...string[]] = ["ifconfig", "lo0", "-alias", address];
  if (journal.changes.some((change) => change.kind === "command" && change.undo.join(" ") === undo.join(" "))) return;
  if (!machine.privileged) {
    throw new HoopError("precondition-failed", `adding the address ${address} to lo0 needs root on macOS`, {
      hint: "run `sudo hoop tunnel up`, or install the service once: `sudo hoop tunnel install`",
    });
  }
  journal.note({ kind: "command", what: `the address ${address} of lo0`, undo, stays: false });
  const { code, output } = await machine.run("ifconfig", ["lo0", "alias", address, "netmask", "255.255.255.255"]);
  if (code !== 0) throw new HoopError("unavailable", `lo0 did not take ${address}: ${output.trim().slice(0, 160)}`);
}
