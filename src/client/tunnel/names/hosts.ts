import { accessSync, constants } from "node:fs";
import { putBlock } from "../machine/block.js";
import type { Machine } from "../machine/machine.js";
import { readShared, rewriteShared } from "../machine/shared-file.js";
import type { Names, NamesMode, NamesSetup } from "./names-mode.js";

/**
 * A broadcast address: every system refuses to connect to it at once and nothing leaves the machine. A free loopback
 * address would do for speed, but any local user could listen on that.
 */
export const nowhere = "255.255.255.255";

/** Our lines in the hosts file. Every program on every system reads it, so this mode always works. */
export const hosts: NamesMode = {
  name: "hosts",
  text: "lines of our own in the hosts file",
  dns: "none",
  forwards: false,

  owns: (change) => change.kind === "block",

  async unfit(machine) {
    const path = machine.path(hostsPath(machine));
    try {
      if (readShared(path) === null) return `${path} does not exist`;
      accessSync(path, constants.W_OK);
      return null;
    } catch (error) {
      return `${path} cannot be written by this user (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`;
    }
  },

  async apply(setup, names) {
    writeBlock(setup, names, (address) => address);
  },

  async failClosed(setup, names) {
    writeBlock(setup, names, () => nowhere);
  },
};

function writeBlock({ machine, journal, tag }: NamesSetup, names: Names, addressOf: (address: string) => string): void {
  const path = hostsPath(machine);
  const real = machine.path(path);
  const text = readShared(real)?.toString("latin1") ?? "";
  const fresh = putBlock(
    text,
    tag,
    [...names].map(([name, address]) => `${addressOf(address)}\t${name}`),
  );
  if (fresh === text) return;
  journal.note({ kind: "block", path, tag });
  rewriteShared(real, Buffer.from(fresh, "latin1"));
}

function hostsPath(machine: Machine): string {
  return machine.platform === "win32" ? "C:\\Windows\\System32\\drivers\\etc\\hosts" : "/etc/hosts";
}
