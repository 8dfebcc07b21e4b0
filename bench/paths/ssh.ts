import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { type Path, serverLogin } from "../path.js";
import { freePort, listening, run, start } from "../peers/process.js";
import { program } from "../peers/program.js";

/** `ssh -L` through a real sshd with keys and settings of its own. */
export const ssh: Path = {
  name: "ssh -L",
  missing() {
    const lacking = ["sshd", "ssh", "ssh-keygen"].find((name) => program(name) === null);
    return lacking ? `${lacking} is not installed (apt-get install openssh-server openssh-client)` : null;
  },
  async start(server) {
    const folder = mkdtempSync(join(tmpdir(), "hoop-bench-ssh-"));
    for (const name of ["host", "client"])
      await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, name)]);
    // sshd as root drops its rights into this folder, and does not make it.
    if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
    const daemonPort = await freePort();
    const config = join(folder, "sshd_config");
    writeFileSync(
      config,
      [
        `Port ${daemonPort}`,
        "ListenAddress 127.0.0.1",
        `HostKey ${join(folder, "host")}`,
        `AuthorizedKeysFile ${join(folder, "client.pub")}`,
        `PidFile ${join(folder, "pid")}`,
        "StrictModes no",
        "UsePAM no",
        "PasswordAuthentication no",
        "PermitRootLogin prohibit-password",
        "AllowTcpForwarding local",
        "MaxSessions 200",
        "",
      ].join("\n"),
    );
    const daemon = start(program("sshd")!, ["-D", "-e", "-f", config]);
    await listening(daemonPort, daemon);
    const port = await freePort();
    const client = start("ssh", [
      ...[
        "-F",
        "none",
        "-N",
        "-i",
        join(folder, "client"),
        "-p",
        String(daemonPort),
        "-L",
        `127.0.0.1:${port}:127.0.0.1:${server.port}`,
      ],
      ...[
        "StrictHostKeyChecking=no",
        `UserKnownHostsFile=${join(folder, "known")}`,
        "ExitOnForwardFailure=yes",
        "BatchMode=yes",
      ].flatMap((option) => ["-o", option]),
      `${userInfo().username}@127.0.0.1`,
    ]);
    await listening(port, client);
    return {
      host: "127.0.0.1",
      port,
      env: serverLogin(server),
      pids: { ssh: client.pid },
      async stop() {
        await client.stop();
        await daemon.stop();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};
