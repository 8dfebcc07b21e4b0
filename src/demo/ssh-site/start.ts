import { randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import ssh2, { type Connection, type Session } from "ssh2";
import { runLine } from "./commands.js";
import { Files } from "./files.js";
import { serveSftp } from "./sftp.js";
import { serveTerminal } from "./terminal.js";

export interface SshSite {
  readonly port: number;
  /** The login `deploy`; only Hoop knows its password. */
  readonly password: string;
  stop(): Promise<void>;
}

/**
 * A sample machine to log in to, on a loopback port: SSH with a shell, commands and files of its own. It runs nothing of this computer,
 * and needs nothing of it but Node.
 */
export async function startSshSite(): Promise<SshSite> {
  const password = randomBytes(18).toString("base64url");
  const files = new Files();
  const open = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [ssh2.utils.generateKeyPairSync("ed25519").private] }, (client) => {
    open.add(client);
    client.on("error", () => {});
    client.on("close", () => open.delete(client));
    client.on("authentication", (attempt) => {
      if (attempt.method !== "password") return attempt.reject(["password"]);
      if (attempt.username === "deploy" && same(attempt.password, password)) attempt.accept();
      else attempt.reject(["password"]);
    });
    client.on("session", (accept) => serveSession(accept(), files));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: address && typeof address === "object" ? address.port : 0,
    password,
    async stop() {
      for (const client of open) client.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function serveSession(session: Session, files: Files): void {
  session.on("pty", (accept) => accept?.());
  session.on("window-change", (accept) => accept?.());
  session.on("env", (accept) => accept?.());
  session.on("shell", (accept) => {
    const stream = accept();
    stream.on("error", () => {});
    serveTerminal(stream, files, (code) => {
      stream.exit(code);
      stream.end();
    });
  });
  session.on("exec", (accept, _reject, { command }) => {
    const stream = accept();
    stream.on("error", () => {});
    const ran = runLine(command, files, { folder: Files.home });
    stream.write(ran.out);
    stream.stderr.write(ran.err);
    stream.exit(ran.code);
    stream.end();
  });
  session.on("sftp", (accept) => serveSftp(accept(), files));
}

function same(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
