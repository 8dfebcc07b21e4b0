import { execFileSync } from "node:child_process";
import { join } from "node:path";
import envPaths from "env-paths";

/** Where the command line keeps what it remembers. */
export interface ClientFolders {
  /** The logins, one file. */
  readonly config: string;
  /** What the tunnel keeps: its addresses, its journal of the machine, its socket. */
  readonly tunnel: string;
  /** The user whose files the logins are, when root works for somebody else; they are touched with that user's rights only. */
  readonly configOwner: number | null;
}

/** Who really sits at the terminal, when this is root by `sudo`. */
export interface Sudo {
  readonly uid: number;
}

/**
 * `HOOP_HOME` names one folder for both; otherwise the operating system's own places.
 * A tunnel that root runs keeps its state away from any user's home, in `/var/lib/hoop-tunnel`; under `sudo` the login is
 * that of the user who called it.
 */
export function clientFolders(home: string | undefined, isRoot: boolean, sudo: Sudo | null): ClientFolders {
  if (home) return { config: home, tunnel: join(home, "tunnel"), configOwner: null };
  const paths = envPaths("hoop", { suffix: "" });
  const tunnel = isRoot && process.platform !== "win32" ? "/var/lib/hoop-tunnel" : join(paths.data, "tunnel");
  const theirs = isRoot && sudo && process.platform === "linux" ? homeOf(sudo.uid) : null;
  return theirs === null
    ? { config: paths.config, tunnel, configOwner: isRoot && sudo ? sudo.uid : null }
    : { config: join(theirs, ".config", "hoop"), tunnel, configOwner: sudo!.uid };
}

/** Where a gateway keeps its state unless it is told. */
export function gatewayFolder(home: string | undefined, isRoot: boolean): string {
  if (home) return home;
  return isRoot && process.platform !== "win32" ? "/var/lib/hoop" : envPaths("hoop", { suffix: "" }).data;
}

/** The home of a user, wherever users are kept (files, LDAP); null: unknown. */
export function homeOf(uid: number): string | null {
  return passwdField(uid, 5);
}

/** The login name of a user. */
export function userNameOf(uid: number): string | null {
  return passwdField(uid, 0);
}

function passwdField(uid: number, field: number): string | null {
  try {
    const line = execFileSync("getent", ["passwd", String(uid)], {
      encoding: "utf8",
      timeout: 5_000,
      stdio: ["ignore", "pipe", "ignore"],
    });
    return line.trim().split(":")[field] || null;
  } catch {
    return null;
  }
}
