import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Path, serverLogin } from "../path.js";
import { unprivileged } from "../peers/postgres.js";
import { freePort, listening, start } from "../peers/process.js";
import { program } from "../peers/program.js";

/** pgbouncer in session mode: one process between client and server. */
export const pgbouncer: Path = {
  name: "pgbouncer",
  missing: () => (program("pgbouncer") ? null : "pgbouncer is not installed (apt-get install pgbouncer)"),
  async start(server) {
    const folder = mkdtempSync(join(tmpdir(), "hoop-bench-bouncer-"));
    const port = await freePort();
    const owner = await unprivileged();
    const files = {
      "pgbouncer.ini": [
        "[databases]",
        `* = host=127.0.0.1 port=${server.port}`,
        "[pgbouncer]",
        "listen_addr = 127.0.0.1",
        `listen_port = ${port}`,
        "unix_socket_dir =",
        "auth_type = trust",
        `auth_file = ${join(folder, "users.txt")}`,
        "pool_mode = session",
        "default_pool_size = 100",
        "max_client_conn = 200",
        "ignore_startup_parameters = extra_float_digits",
        "",
      ].join("\n"),
      "users.txt": `"${server.user}" "${server.password}"\n`,
    };
    if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid!);
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
      if (owner.uid !== undefined) chownSync(join(folder, name), owner.uid, owner.gid!);
    }
    const bouncer = start(program("pgbouncer")!, [join(folder, "pgbouncer.ini")], { ...owner, cwd: folder });
    await listening(port, bouncer);
    return {
      host: "127.0.0.1",
      port,
      env: serverLogin(server),
      pids: { pgbouncer: bouncer.pid },
      async stop() {
        await bouncer.stop("SIGINT");
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};
