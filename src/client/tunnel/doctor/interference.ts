import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { Machine } from "../machine/machine.js";
import { describeOwner, portOwners } from "../owner/port-owner.js";
import type { Finding } from "./finding.js";

/** Interfaces that virtual private networks make. */
const vpnInterface = /^(tun|tap|utun|wg|ppp|gpd|cscotun|tailscale|zt|nordlynx|proton)/;

/** What commonly stands between a program and our names, named. `mode` is the names mode in force. */
export async function findInterference(machine: Machine, mode: string): Promise<Finding[]> {
  return [
    ...nsswitch(machine, mode),
    ...resolvConf(machine, mode),
    ...(await otherResolvers(machine, mode)),
    ...vpn(mode),
  ];
}

function nsswitch(machine: Machine, mode: string): Finding[] {
  if (machine.platform !== "linux") return [];
  const line = /^hosts:(.*)$/m.exec(textOf(machine, "/etc/nsswitch.conf") ?? "")?.[1];
  if (line === undefined) return [];
  const wanted = mode === "hosts" ? ["files"] : mode === "systemd-resolved" ? ["resolve", "dns"] : ["dns"];
  const sources = line
    .replace(/\[[^\]]*\]/g, " ")
    .trim()
    .split(/\s+/);
  if (wanted.some((source) => sources.includes(source))) return [];
  return [
    {
      check: "nsswitch",
      result: "failed",
      text: `/etc/nsswitch.conf looks names up in ${sources.join(", ")}, and not in ${wanted.join(" or ")}`,
      fix: `add ${wanted[0]} to its line \`hosts:\``,
    },
  ];
}

function resolvConf(machine: Machine, mode: string): Finding[] {
  if (mode !== "resolv-conf" && mode !== "systemd-resolved") return [];
  const text = textOf(machine, "/etc/resolv.conf") ?? "";
  const first = /^\s*nameserver\s+(\S+)/m.exec(text)?.[1] ?? "nobody";
  const expected = mode === "resolv-conf" ? text.startsWith("# Written by hoop tunnel") : first === "127.0.0.53";
  if (expected) return [];
  const writer = /NetworkManager|resolvconf|dhclient|openvpn|wireguard|tailscale|connman/i.exec(text)?.[0];
  return [
    {
      check: "resolv.conf",
      result: "failed",
      text: `/etc/resolv.conf asks ${first} first${writer ? `; ${writer} wrote it` : ""}, so names do not come to the tunnel`,
      fix: "use `--names=hosts`, which no other program takes over",
    },
  ];
}

async function otherResolvers(machine: Machine, mode: string): Promise<Finding[]> {
  if (machine.platform !== "linux" || mode !== "resolv-conf") return [];
  const owners = (await portOwners(53)).filter((owner) => owner.everywhere && owner.pid !== process.pid);
  return owners.map((owner) => ({
    check: "port 53",
    result: "warning" as const,
    text: `${describeOwner(owner)} answers DNS on every address of this machine`,
    fix: "use `--names=hosts`, or have it listen on its own address only",
  }));
}

function vpn(mode: string): Finding[] {
  if (mode === "hosts") return [];
  const found = Object.keys(networkInterfaces()).filter((name) => vpnInterface.test(name));
  if (found.length === 0) return [];
  return [
    {
      check: "vpn",
      result: "warning",
      text: `a private network is up (${found.join(", ")}); many of them take over the system's resolver`,
      fix: "if names fail while it is up, use `--names=hosts`",
    },
  ];
}

function textOf(machine: Machine, path: string): string | null {
  try {
    return readFileSync(machine.path(path), "utf8").slice(0, 64 * 1024);
  } catch {
    return null;
  }
}
