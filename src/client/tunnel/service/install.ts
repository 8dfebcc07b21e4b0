import { existsSync } from "node:fs";
import { HoopError } from "../../../vocabulary/index.js";
import { ownAddress, parseSubnet } from "../allocate.js";
import type { Machine } from "../machine/machine.js";
import type { MachineJournal } from "../machine/machine-journal.js";
import { replaceFile } from "../machine/shared-file.js";
import { namesModes } from "../names/index.js";
import type { NamesMode } from "../names/names-mode.js";
import { resolvConfMode } from "../names/resolv-conf.js";
import type { ServicePlan } from "./service.js";

/**
 * The names mode for a service. One that runs without root cannot edit the hosts file each time the list changes, so it
 * must be one whose setting stands still: a DNS server on an address that is always the same.
 */
export async function namesForService(wanted: string, machine: Machine): Promise<NamesMode> {
  const standing = namesModes.filter((mode) => mode.dns !== "none");
  const tried: string[] = [];
  for (const mode of wanted === "auto" ? standing : standing.filter((known) => known.name === wanted)) {
    const why = await mode.unfit(machine);
    if (why === null) return mode;
    tried.push(`${mode.name}: ${why}`);
  }
  if (wanted === "hosts") tried.push("hosts: the service may not write the hosts file");
  throw new HoopError(
    "unsupported",
    `no names mode fits a service here (${tried.join("; ") || `there is no mode ${wanted}`})`,
    {
      hint: `run \`sudo hoop tunnel up --detach\` instead, which can use the hosts file; or see --names (${resolvConfMode.name})`,
    },
  );
}

/** Sets the names up, writes the service and starts it; everything is journalled first. */
export async function installService(
  plan: ServicePlan,
  mode: NamesMode,
  machine: Machine,
  journal: MachineJournal,
  options: { range: string; dnsPort: number; tag: string },
): Promise<void> {
  const address = ownAddress(parseSubnet(options.range), 1);
  if (machine.platform === "linux") {
    if (!existsSync(machine.path("/run/systemd/system")))
      throw new HoopError("unsupported", "systemd does not run on this machine", {
        hint: "run `sudo hoop tunnel up --detach` when the machine starts",
      });
    await mode.apply(
      { machine, journal, tag: options.tag, dns: { address, port: mode.dns === "port-53" ? 53 : options.dnsPort } },
      new Map(),
    );
  }
  // The last is undone first: stop before the file goes.
  for (const [i, undo] of plan.stop.entries())
    if (i > 0) journal.note({ kind: "command", what: `the service (${undo.join(" ")})`, undo, stays: true });
  if (plan.path !== null)
    journal.takeFile(plan.path, plan.text, (path, text) => replaceFile(path, text, { mode: 0o644 }));
  journal.note({ kind: "command", what: "the running service", undo: plan.stop[0]!, stays: true });
  for (const [command, ...args] of plan.start) {
    const { code, output } = await machine.run(command, args, { timeoutMs: 60_000 });
    if (code !== 0)
      throw new HoopError("unavailable", `${command} ${args.join(" ")} failed: ${output.trim().slice(0, 300)}`, {
        hint: "hoop tunnel uninstall puts everything back",
      });
  }
}
