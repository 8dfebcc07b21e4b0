import type { MachineJournal } from "../machine/machine-journal.js";
import { readShared, replaceFile } from "../machine/shared-file.js";
import { hosts } from "./hosts.js";
import type { DnsEnd, NamesMode } from "./names-mode.js";

const path = "/etc/resolv.conf";
const head = "# Written by hoop tunnel; what was here comes back with: hoop tunnel down";
/** glibc reads three servers and no more. */
const maxServers = 3;

/** Our server first, everything else as it was. Lines of servers beyond glibc's three are kept but read by nobody. */
export function resolvConf(before: string, dns: DnsEnd): string {
  return `${head}\nnameserver ${dns.address}\n${before}`;
}

/** The servers named in a resolv.conf, our own left out. Source: resolv.conf(5). */
export function nameserversOf(text: string, own: string): string[] {
  const servers = [...text.matchAll(/^\s*nameserver\s+([0-9A-Fa-f.:]+)/gm)].map((match) => match[1]!);
  return servers.filter((server) => server !== own).slice(0, maxServers);
}

/** The servers to forward to: those that resolv.conf named before it was ours. */
export function upstreamServers(journal: MachineJournal, read: () => Buffer | null, own: string): string[] {
  const ours = journal.changes.find((change) => change.kind === "file" && change.path === path);
  // Behind our own line the former text stands, links resolved, also in the file that is ours.
  return nameserversOf(read()?.toString("latin1") ?? "", own).concat(
    ours?.kind === "file" && ours.before.kind === "file" && read() === null
      ? nameserversOf(Buffer.from(ours.before.base64, "base64").toString("latin1"), own)
      : [],
  );
}

/** Linux without systemd-resolved: we are the first name server and forward what is not ours. */
export const resolvConfMode: NamesMode = {
  name: "resolv-conf",
  system: "linux",
  text: "the first name server of /etc/resolv.conf, forwarding what is not .hoop",
  dns: "port-53",
  forwards: true,

  owns: (change) => change.kind === "file" && change.path === path,

  async unfit(machine) {
    if (machine.platform === "win32" || machine.platform === "darwin")
      return `${path} does not rule names on this system`;
    if (!machine.privileged) return `writing ${path} needs root`;
    const text = readShared(machine.path(path))?.toString("latin1");
    if (text === undefined) return `${path} does not exist`;
    if (nameserversOf(text, "").length === 0) return `${path} names no server to forward to`;
    return null;
  },

  async apply({ machine, journal, dns }) {
    const now = readShared(machine.path(path))?.toString("latin1") ?? "";
    if (now.startsWith(`${head}\n`)) return;
    journal.takeFile(path, resolvConf(now, dns), (real, text) => replaceFile(real, text, { mode: 0o644 }));
  },

  // Other names must go on working without us, so the file comes back; our names then fail through the hosts file.
  async failClosed(setup, names) {
    await setup.journal.restore((change) => change.kind === "file" && change.path === path);
    if ((await hosts.unfit(setup.machine)) === null) await hosts.failClosed(setup, names);
  },
};
