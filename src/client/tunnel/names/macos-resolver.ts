import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { replaceFile } from "../machine/shared-file.js";
import { type DnsEnd, type NamesMode, zone } from "./names-mode.js";

const path = `/etc/resolver/${zone}`;

/** Source: resolver(5) of macOS. */
export function macosResolverFile({ address, port }: DnsEnd): string {
  return `# Written by hoop tunnel. Removed by: hoop tunnel uninstall\nnameserver ${address}\nport ${port}\ntimeout 2\n`;
}

/** macOS: a file named after the zone tells the system whom to ask. */
export const macosResolver: NamesMode = {
  name: "macos-resolver",
  system: "darwin",
  text: "a file in /etc/resolver",
  dns: "any-port",
  forwards: false,

  // What it leaves fails closed as it is.
  owns: () => false,

  async unfit(machine) {
    if (machine.platform !== "darwin") return "/etc/resolver is of macOS";
    return machine.privileged ? null : "writing to /etc/resolver needs root";
  },

  async apply({ machine, journal, dns }) {
    mkdirSync(machine.path(dirname(path)), { recursive: true, mode: 0o755 });
    journal.takeFile(path, macosResolverFile(dns), (real, text) => replaceFile(real, text, { mode: 0o644 }));
  },

  // The file stays, and leads to a server that is not there: asked of nobody else.
  async failClosed() {},
};
