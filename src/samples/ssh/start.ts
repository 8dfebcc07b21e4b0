import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import type { ListenOptions } from "node:net";
import ssh2, { type Connection, type Session } from "ssh2";
import { runLine } from "./commands.js";
import { Files } from "./files.js";
import { serveSftp } from "./sftp.js";
import { serveTerminal } from "./terminal.js";

export interface SampleMachine {
  /** 0 where it listens on a path. */
  readonly port: number;
  stop(): Promise<void>;
}

const longestLine = 8_192;

/**
 * A sample machine to log in to as `deploy`: SSH with a shell, commands and files of its own. It starts no process, reads no file of
 * this computer and forwards nothing.
 */
export async function startSshSite({
  password,
  hostKey = ssh2.utils.generateKeyPairSync("ed25519").private,
  listen,
}: {
  /** Only Hoop knows it. */
  readonly password: string;
  /** A private key in OpenSSH's form; left out: a new one. */
  readonly hostKey?: string | undefined;
  readonly listen: ListenOptions;
}): Promise<SampleMachine> {
  const files = new Files();
  const open = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
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
  server.listen(listen);
  await once(server, "listening");
  const address = server.address();
  return {
    port: address && typeof address === "object" ? address.port : 0,
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
    const ran =
      command.length <= longestLine
        ? runLine(command, files, { folder: Files.home })
        : { out: "", err: "this line is too long for this sample\n", code: 1 };
    stream.write(ran.out);
    stream.stderr.write(ran.err);
    stream.exit(ran.code);
    stream.end();
  });
  session.on("sftp", (accept) => serveSftp(accept(), files));
}

function same(one: string, other: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
