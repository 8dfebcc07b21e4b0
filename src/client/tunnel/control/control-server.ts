import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { HoopError, hoopErrorFrom } from "../../../vocabulary/index.js";
import { askTunnel } from "./ask-tunnel.js";
import { type ControlAnswers, type ControlOp, controlPath, maxQuestion } from "./messages.js";

/** How each question is answered. */
export type ControlHandlers = { readonly [Op in ControlOp]: () => ControlAnswers[Op] | Promise<ControlAnswers[Op]> };

const maxClients = 16;
const patienceMs = 30_000;

/**
 * Listens for questions about this tunnel. Throws `conflict` when another tunnel with the same state folder runs; a socket
 * that a crash left is replaced. Only the user of the tunnel can open it: mode 0600, owner `uid`.
 */
export async function serveControl(
  stateFolder: string,
  handlers: ControlHandlers,
  uid?: number,
): Promise<{ close(): void }> {
  const path = controlPath(stateFolder);
  const windows = process.platform === "win32";
  if (!windows) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (windows || existsSync(path)) {
    const other = await askTunnel(stateFolder, "status").catch(() => null);
    if (other) {
      throw new HoopError("conflict", `a tunnel runs already (pid ${other.pid})`, {
        hint: "look at it with `hoop tunnel status`, stop it with `hoop tunnel down`",
      });
    }
    if (!windows) rmSync(path, { force: true });
  }
  const clients = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    if (clients.size >= maxClients) return void socket.destroy();
    clients.add(socket);
    socket.on("close", () => clients.delete(socket));
    serve(socket, handlers);
  });
  // Born with 0600: between listen and chmod nobody else may open it.
  const mask = windows ? 0 : process.umask(0o177);
  try {
    server.listen(path);
    await once(server, "listening");
  } finally {
    if (!windows) process.umask(mask);
  }
  if (!windows) {
    chmodSync(path, 0o600);
    if (uid !== undefined && process.geteuid?.() === 0) {
      chownSync(path, uid, -1);
      // The folder's list stays root's own, its socket can be reached.
      chmodSync(dirname(path), 0o711);
    }
  }
  return {
    close() {
      server.close();
      for (const client of clients) client.destroySoon();
    },
  };
}

function serve(socket: Socket, handlers: ControlHandlers): void {
  let text = "";
  let asked = false;
  socket.setEncoding("utf8");
  socket.setTimeout(patienceMs, () => socket.destroy());
  socket.on("error", () => {});
  socket.on("end", () => {
    if (!asked) socket.destroy();
  });
  socket.on("data", (chunk: string) => {
    if (asked) return;
    text += chunk;
    if (text.length > maxQuestion) return void socket.destroy();
    if (!text.includes("\n")) return;
    asked = true;
    void answer(text.slice(0, text.indexOf("\n")), handlers).then((reply) => socket.end(`${JSON.stringify(reply)}\n`));
  });
}

async function answer(line: string, handlers: ControlHandlers): Promise<unknown> {
  try {
    const { op } = JSON.parse(line) as { op?: unknown };
    if (typeof op !== "string" || !Object.hasOwn(handlers, op)) {
      throw new HoopError("unsupported", `this tunnel does not know ${JSON.stringify(op)?.slice(0, 40)}`, {
        hint: "it may be older than this command: restart it",
      });
    }
    return { ok: true, answer: await handlers[op as ControlOp]() };
  } catch (error) {
    return { ok: false, error: hoopErrorFrom(error, "the tunnel could not answer").toJSON() };
  }
}
