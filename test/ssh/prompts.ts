import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ssh } from "../../src/protocols/ssh/index.js";
import { ed25519FromSeed } from "../../src/protocols/ssh/login/openssh-key.js";
import { type LaneOptions, type Lanes, startLanes } from "../support/lanes.js";
import type { Sshd } from "./sshd.js";
import { Terminal } from "./terminal.js";

interface Asked {
  readonly analysis?: { readonly attributes: Readonly<Record<string, unknown>> } | undefined;
}

export const commandsOf = (ask: Asked) => (ask.analysis?.attributes["commands"] ?? []) as readonly string[];

/** The lines that were asked about. */
export const lines = (lane: Lanes) => lane.asks.filter(({ analysis }) => analysis?.attributes["kind"] === "line");

/** Writes down in this folder which key the gateway shows. */
export function trustGateway(folder: string): void {
  const { publicKey } = ed25519FromSeed(Buffer.alloc(32, 7));
  writeFileSync(join(folder, "known_hosts"), `site.hoop ssh-ed25519 ${publicKey.toString("base64")}\n`);
}

/** A gateway before this server where lines are judged: `rm` is denied, and what nobody can read. */
export function promptLanes(sshd: Sshd, options: Partial<LaneOptions> = {}): Promise<Lanes> {
  return startLanes(ssh, {
    targetPort: sshd.port,
    target: { user: "root", hostKeys: [sshd.hostKey] },
    secret: sshd.userKey,
    needs: ["attribute:commands"],
    decide: (ask) =>
      commandsOf(ask).includes("rm") || ask.analysis?.unknowns.length ? "no rm, and nothing unknown" : "allow",
    ...options,
  });
}

/** A terminal with `ssh` through it, in a folder that trusts the gateway. */
export function promptTerminal(folder: string, { port }: Lanes): Terminal {
  const options = [
    ...["-F", "none", "-o", `UserKnownHostsFile=${folder}/known_hosts`, "-o", "HostKeyAlias=site.hoop"],
    ...["-o", "BatchMode=yes", "-o", "IdentityFile=none", "-o", "IdentityAgent=none", "-p", String(port)],
  ];
  return new Terminal(`stty rows 40 cols 120; ssh ${options.join(" ")} -tt 127.0.0.1`);
}
