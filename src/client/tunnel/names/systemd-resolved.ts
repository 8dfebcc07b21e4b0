import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { HoopError } from "../../../vocabulary/index.js";
import { replaceFile } from "../machine/shared-file.js";
import { type DnsEnd, type NamesMode, zone } from "./names-mode.js";

const reload = ["reload-or-restart", "systemd-resolved"];
const path = "/etc/systemd/resolved.conf.d/hoop.conf";

/** The drop-in: only names under our zone are routed here. Source: resolved.conf(5), "routing-only domain". */
export function resolvedDropIn({ address, port }: DnsEnd): string {
  return `# Written by hoop tunnel: names under .${zone} are answered on this machine.
# Removed by: hoop tunnel uninstall
[Resolve]
DNS=${address}${port === 53 ? "" : `:${port}`}
Domains=~${zone}
`;
}

/** Linux with systemd-resolved: one drop-in routes our zone to our server. */
export const systemdResolved: NamesMode = {
  name: "systemd-resolved",
  system: "linux",
  text: "a drop-in that routes .hoop to the tunnel's DNS server",
  dns: "any-port",
  forwards: false,

  // What it leaves fails closed as it is.
  owns: () => false,

  async unfit(machine) {
    if (machine.platform !== "linux") return "systemd-resolved is of Linux";
    if (!existsSync(machine.path("/run/systemd/resolve/stub-resolv.conf"))) return "systemd-resolved does not run";
    if (!machine.privileged) return "a drop-in for systemd-resolved needs root";
    const { code, output } = await machine.run("resolvectl", ["--version"]);
    const version = Number(/systemd (\d+)/.exec(output)?.[1]);
    if (code !== 0) return "resolvectl is not there";
    // A server with a port of its own is understood since 246.
    return version >= 246 ? null : `systemd ${version} is too old: 246 is needed`;
  },

  async apply({ machine, journal, dns }) {
    mkdirSync(machine.path(dirname(path)), { recursive: true, mode: 0o755 });
    // Undone youngest first: on the way back the drop-in must be gone before resolved reads again, so this comes before it.
    journal.note({
      kind: "command",
      what: "systemd-resolved's configuration",
      undo: ["systemctl", ...reload],
      stays: true,
    });
    if (!journal.takeFile(path, resolvedDropIn(dns), (real, text) => replaceFile(real, text, { mode: 0o644 }))) return;
    const { code, output } = await machine.run("systemctl", reload);
    if (code !== 0)
      throw new HoopError("unavailable", `systemd-resolved did not take our drop-in: ${output.trim().slice(0, 200)}`);
  },

  // The drop-in stays: our zone goes on being routed to a server that is not there, so it is asked of nobody else.
  async failClosed() {},
};
