import { createHash, randomBytes } from "node:crypto";
import { readdir, unlink } from "node:fs/promises";
import { createConnection, createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HoopError } from "../../vocabulary/index.js";
import { socketFolder } from "./private-folder.js";

/** Held as long as this process lives, or until released. */
export interface OwnerLock {
  release(): Promise<void>;
}

interface Holder {
  readonly pid: number;
  readonly owner: boolean;
}

const answerMs = 2_000;
const attempts = 20;

/**
 * One owner a folder. Each starter listens on a socket of its own name in it and then looks at the others': of two that
 * start together at least one sees the other, since both listen before they look. A socket nobody listens on is a dead
 * owner's. A process that is killed lets go at once, and no pid is ever taken for another's.
 */
export async function takeOwnership(folder: string): Promise<OwnerLock> {
  if (process.platform === "win32") return takePipe(folder);
  const name = `owner.${randomBytes(6).toString("hex")}`;
  const sockets = await socketFolder(join(folder, "owner"), name, { uid: null, gid: null });
  for (let attempt = 1; ; attempt++) {
    const state = { owner: false };
    const server = await listen(join(sockets, name), state);
    const others = await liveHolders(sockets, name);
    if (others.length === 0) {
      state.owner = true;
      return { release: () => close(server) };
    }
    await close(server);
    // Somebody who is only starting as well may withdraw, as we do: try again after a while of our own.
    const owner = others.find((other) => other.owner);
    if (owner !== undefined || attempt === attempts) throw taken(folder, owner?.pid ?? others[0]!.pid);
    await sleep(10 + Math.random() * 20 * attempt);
  }
}

function taken(folder: string, pid: number): HoopError {
  return new HoopError("conflict", `another process${pid > 0 ? ` (pid ${pid})` : ""} owns ${folder}`, {
    hint: "one gateway a state folder: stop that one, give this one another folder, or share a PostgreSQL through DATABASE_URL",
  });
}

async function listen(path: string, state: { owner: boolean }): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.end(JSON.stringify({ pid: process.pid, owner: state.owner }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  server.unref();
  return server;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

async function liveHolders(folder: string, own: string): Promise<readonly Holder[]> {
  const live: Holder[] = [];
  for (const name of await readdir(folder)) {
    if (!name.startsWith("owner.") || name === own) continue;
    const holder = await ask(join(folder, name));
    if (holder !== null) live.push(holder);
    else await unlink(join(folder, name)).catch(() => {});
  }
  return live;
}

/** Null: nobody listens. Somebody who listens and does not answer (stopped, overloaded) is an owner. */
function ask(path: string): Promise<Holder | null> {
  return new Promise((resolve) => {
    let text = "";
    const socket = createConnection(path);
    socket.setTimeout(answerMs, () => done({ pid: 0, owner: true }));
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (text.length > 256) done({ pid: 0, owner: true });
    });
    socket.on("end", () => done(parse(text)));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      done(error.code === "ECONNREFUSED" || error.code === "ENOENT" ? null : { pid: 0, owner: false });
    });
    const done = (holder: Holder | null) => {
      socket.destroy();
      resolve(holder);
    };
  });
}

function parse(text: string): Holder {
  try {
    const said = JSON.parse(text) as { pid?: unknown; owner?: unknown };
    return { pid: Number(said.pid) || 0, owner: said.owner === true };
  } catch {
    // It listens, then closes: it is just withdrawing.
    return { pid: 0, owner: false };
  }
}

/** A named pipe is exclusive by itself. */
async function takePipe(folder: string): Promise<OwnerLock> {
  const name = createHash("sha256").update(folder.toLowerCase()).digest("hex").slice(0, 32);
  try {
    const server = await listen(`\\\\.\\pipe\\hoop-${name}`, { owner: true });
    return { release: () => close(server) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") throw taken(folder, 0);
    throw error;
  }
}
