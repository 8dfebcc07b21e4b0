import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../support/free-port.js";

/** A real sshd on a loopback port, in a folder of its own. Root logs in by the key that comes with it. */
export interface Sshd {
  readonly port: number;
  readonly folder: string;
  /** OpenSSH's format. */
  readonly userKey: string;
  /** As in known_hosts, without a name. */
  readonly hostKey: string;
  stop(): Promise<void>;
}

function keygen(path: string): void {
  const { status, stderr } = spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path]);
  if (status !== 0) throw new Error(`ssh-keygen: ${stderr}`);
}

export async function startSshd(more: readonly string[] = []): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), "hoop-sshd-"));
  chmodSync(folder, 0o755);
  keygen(join(folder, "host"));
  keygen(join(folder, "user"));
  writeFileSync(join(folder, "authorized_keys"), readFileSync(join(folder, "user.pub")));
  const port = await freePort();
  writeFileSync(
    join(folder, "sshd_config"),
    [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${folder}/host`,
      `AuthorizedKeysFile ${folder}/authorized_keys`,
      `PidFile ${folder}/pid`,
      "PermitRootLogin yes",
      "StrictModes no",
      "UsePAM no",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "AcceptEnv LANG LC_*",
      "AllowStreamLocalForwarding yes",
      "X11Forwarding yes",
      "MaxSessions 200",
      "MaxStartups 200",
      "Subsystem sftp internal-sftp",
      ...more,
    ].join("\n"),
  );
  spawnSync("mkdir", ["-p", "/run/sshd"]);
  const child = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", join(folder, "sshd_config")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk) => (said += chunk));
  for (let tries = 0; ; tries++) {
    if (child.exitCode !== null || tries > 600) throw new Error(`sshd did not start: ${said}`);
    const socket = connect(port, "127.0.0.1");
    const reached = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "error").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (reached) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    port,
    folder,
    userKey: readFileSync(join(folder, "user"), "utf8"),
    hostKey: readFileSync(join(folder, "host.pub"), "utf8").split(" ").slice(0, 2).join(" "),
    async stop() {
      if (child.exitCode === null) {
        child.kill("SIGTERM");
        await once(child, "exit");
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
