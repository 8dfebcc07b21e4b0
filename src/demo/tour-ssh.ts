import pc from "picocolors";
import type { TunnelStatus } from "../client/tunnel/status.js";
import { HoopError } from "../vocabulary/index.js";
import { runChild } from "./child.js";

/** How the tour reaches `site-demo`. */
export interface SshPlace {
  readonly args: readonly string[];
  /** What a user types: `ssh site-demo.hoop`, or address and port. */
  readonly typed: string;
}

export function sshPlace({ connections }: TunnelStatus, byName: boolean): SshPlace {
  const found = connections.find((one) => one.name === "site-demo");
  if (!found) throw new HoopError("internal", "the tunnel does not offer site-demo");
  const typed = byName ? found.command : found.command.replace(found.host, found.address);
  return { typed, args: typed.split(" ").slice(1) };
}

/** The same gate before a machine: commands read and judged, no key and no password to have. */
export async function tourSsh(place: SshPlace, say: (text: string) => void): Promise<void> {
  say(pc.bold("\n4. A machine behind the same rules: no key, no password, no question about a host key"));
  const ask = async (command: string) => {
    say(`\n${pc.dim("$")} ${pc.bold(`${place.typed} ${JSON.stringify(command)}`)}`);
    const args = ["-o", "BatchMode=yes", "-o", "IdentityAgent=none", "-o", "ConnectTimeout=20", ...place.args, command];
    const ran = await runChild("ssh", args, { env: process.env }).catch(() => null);
    if (ran === null) return null;
    say((ran.stdout + ran.stderr).trimEnd());
    return ran;
  };
  const read = await ask("cat orders.csv");
  if (read === null)
    return say(pc.yellow("ssh is not installed, so this part is left out. To get it: apt install openssh-client."));
  if (read.code !== 0 || !read.stdout.includes("Grace Hopper"))
    throw new HoopError(
      "internal",
      `the tour failed: the file should have been shown, but it got:\n${read.stdout}${read.stderr}`,
    );
  const slip = await ask("ls; rm orders.csv");
  if (slip?.code !== 126 || !slip.stderr.includes("hoop:"))
    throw new HoopError(
      "internal",
      `the tour failed: rm should have been refused, but it got:\n${slip?.stdout}${slip?.stderr}`,
    );
}
