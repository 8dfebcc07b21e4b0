import { spawn } from "node:child_process";
import { chown, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { HoopError } from "../../vocabulary/index.js";
import type { Binaries } from "./binaries.js";
import { ids, type ProcessUser } from "./process-user.js";

/** The superuser of every server that we start. */
export const superuser = "hoop";

/** What a server process may see of our environment: nothing, there are keys in it. */
export const serverEnvironment = { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC", ...windowsEnvironment() };

function windowsEnvironment(): Record<string, string> {
  if (process.platform !== "win32") return {};
  const kept = ["SystemRoot", "TEMP", "TMP", "PATH"].map((name) => [name, process.env[name] ?? ""]);
  return Object.fromEntries(kept) as Record<string, string>;
}

/** Makes the data folder unless it is there. It appears whole or not at all. */
export async function initialise(
  folder: string,
  binaries: Binaries,
  user: ProcessUser,
  password: string,
): Promise<string> {
  const data = join(folder, "data");
  const version = (await readFile(join(data, "PG_VERSION"), "utf8").catch(() => "")).trim();
  if (version !== "") {
    if (version === "18") return data;
    throw new HoopError("unsupported", `${data} was made by PostgreSQL ${version}, and the embedded one is 18`, {
      hint: "dump it with its own version and load it again, or run that version and set DATABASE_URL",
    });
  }
  const making = join(folder, "data.new");
  const passwordFile = join(folder, "initial-password");
  await rm(making, { recursive: true, force: true });
  await rm(passwordFile, { force: true });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600, flag: "wx" });
  try {
    if (user.uid !== null && user.gid !== null) await chown(passwordFile, user.uid, user.gid);
    await runInitdb(binaries, user, making, passwordFile);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(making, data);
  return data;
}

async function runInitdb(binaries: Binaries, user: ProcessUser, data: string, passwordFile: string): Promise<void> {
  const args = [
    `--pgdata=${data}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    "--auth-local=scram-sha-256",
    "--auth-host=scram-sha-256",
    "--encoding=UTF8",
    // Order and case do not depend on the machine's own library.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
  ];
  const child = spawn(binaries.initdb, args, {
    cwd: "/",
    env: serverEnvironment,
    stdio: ["ignore", "ignore", "pipe"],
    ...ids(user),
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString("utf8")).slice(-4_000);
  });
  const code = await new Promise<number | null | Error>((resolve) => {
    child.once("error", resolve);
    child.once("close", resolve);
  });
  if (code === 0) return;
  throw new HoopError("unavailable", "the embedded PostgreSQL could not make its data folder", {
    cause: code instanceof Error ? code : new Error(said),
    hint: `is the disk full? (${said.trim().split("\n").at(-1)?.slice(0, 300) ?? ""})`,
  });
}
