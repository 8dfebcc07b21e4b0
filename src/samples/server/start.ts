import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { processUser } from "../../storage/embedded/process-user.js";
import { HoopError } from "../../vocabulary/index.js";
import { sampleUser } from "../system-user.js";
import type { Order } from "./order.js";

/** The process with the sample web site and machine. */
export interface SampleServer {
  /** Sockets that only we, and the user that it runs as, can reach. */
  readonly web: string;
  readonly ssh: string;
  readonly gone: Promise<void>;
  stop(): Promise<void>;
}

const startMs = 15_000;
const stopMs = 5_000;
const program = fileURLToPath(new URL("./main.js", import.meta.url));

/** Throws HoopError `unavailable` with what it said last. */
export async function startSampleServer(secrets: {
  readonly webToken: string;
  readonly sshPassword: string;
  readonly sshHostKey: string;
}): Promise<SampleServer> {
  const { uid, gid } = await processUser(sampleUser);
  const user = uid === null || gid === null ? null : { uid, gid };
  const sockets = socketPlace(user);
  const order: Order = {
    web: { path: sockets.path("web"), token: secrets.webToken },
    ssh: { path: sockets.path("ssh"), password: secrets.sshPassword, hostKey: secrets.sshHostKey },
    user,
  };
  const child = spawn(process.execPath, ["--max-old-space-size=96", program], {
    cwd: "/",
    // Nothing of ours: there are keys in it.
    env: process.platform === "win32" ? { SystemRoot: process.env.SystemRoot } : {},
    stdio: ["pipe", "pipe", "pipe"],
    windowsHide: true,
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString("utf8")).slice(-2_000);
  });
  child.stdin.on("error", () => {});
  const gone = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  }).then(sockets.remove);
  const stop = async (): Promise<void> => {
    child.stdin.end();
    const hard = setTimeout(() => child.kill("SIGKILL"), stopMs);
    await gone;
    clearTimeout(hard);
  };
  child.stdin.write(`${JSON.stringify(order)}\n`);
  const ready = await new Promise<boolean>((resolve) => {
    const late = setTimeout(() => resolve(false), startMs);
    child.stdout.once("data", () => {
      clearTimeout(late);
      resolve(true);
    });
    void gone.then(() => {
      clearTimeout(late);
      resolve(false);
    });
  });
  if (ready) return { web: order.web.path, ssh: order.ssh.path, gone, stop };
  await stop();
  throw new HoopError("unavailable", "the samples did not start", { cause: new Error(said) });
}

/** Where it listens: a folder of its own, new each time, so that nothing of an earlier one is in the way. */
function socketPlace(user: Order["user"]): { path(name: string): string; remove(): void } {
  if (process.platform === "win32") {
    const unique = randomBytes(16).toString("hex");
    return { path: (name) => `\\\\.\\pipe\\hoop-sample-${name}-${unique}`, remove() {} };
  }
  // Root's own temporary folder may be closed to others.
  const folder = realpathSync(mkdtempSync(join(user === null ? tmpdir() : "/tmp", "hoop-samples-")));
  if (user !== null) chownSync(folder, user.uid, user.gid);
  return {
    path: (name) => join(folder, name),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
