import { HoopError } from "../../../vocabulary/index.js";
import { type DnsEnd, type NamesMode, zone } from "./names-mode.js";

const mark = "hoop tunnel";

/** The two PowerShell lines. A rule of the name resolution policy table has no port: 53 it is. */
export function nrptScripts({ address }: Pick<DnsEnd, "address">): { add: string; remove: string } {
  const remove = `Get-DnsClientNrptRule | Where-Object Comment -eq '${mark}' | Remove-DnsClientNrptRule -Force`;
  return {
    add: `${remove}; Add-DnsClientNrptRule -Namespace '.${zone}' -NameServers '${address}' -Comment '${mark}'; Clear-DnsClientCache`,
    remove,
  };
}

/** Windows: a rule of the name resolution policy table. */
export const windowsNrpt: NamesMode = {
  name: "windows-nrpt",
  system: "win32",
  text: "a rule of the name resolution policy table",
  dns: "port-53",
  forwards: false,

  // What it leaves fails closed as it is.
  owns: () => false,

  async unfit(machine) {
    if (machine.platform !== "win32") return "the name resolution policy table is of Windows";
    const { code } = await machine.run("net", ["session"]);
    return code === 0 ? null : "adding a rule needs an administrator";
  },

  async apply({ machine, journal, dns }) {
    const { add, remove } = nrptScripts(dns);
    const powershell = (script: string) =>
      ["powershell.exe", "-NoProfile", "-NonInteractive", "-Command", script] as const;
    const known = journal.changes.some((change) => change.kind === "command" && change.undo[4] === remove);
    if (known) return;
    journal.note({ kind: "command", what: "the rule for .hoop names", undo: powershell(remove), stays: true });
    const [command, ...args] = powershell(add);
    const { code, output } = await machine.run(command, args, { timeoutMs: 30_000 });
    if (code !== 0)
      throw new HoopError("unavailable", `Windows did not take the rule for .${zone}: ${output.trim().slice(0, 200)}`);
  },

  // The rule stays, and leads to a server that is not there: asked of nobody else.
  async failClosed() {},
};
