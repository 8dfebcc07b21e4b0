import { type Connection, HoopError, hoopErrorFrom, type TargetAdmin } from "../../vocabulary/index.js";
import { credentialRef } from "../credential-provider.js";
import type { SecretRef } from "../store.js";
import type { SecretVault } from "../vault.js";

/** Where a password waits that may be the target's already. */
export const pendingKind = "connection-credential-pending";
export const pendingRef = (connection: Connection["id"]): SecretRef => ({ kind: pendingKind, id: connection });

export interface RotatePorts {
  readonly vault: Pick<SecretVault, "get" | "put" | "delete">;
  /** A session of its own with that password. Throws HoopError. */
  readonly open: (connection: Connection, user: string, secret: string) => Promise<TargetAdmin>;
  /** The connection's stored password is that one from now on, for all replicas. */
  readonly commit: (connection: Connection, secret: string) => Promise<void>;
  readonly random: (bytes: number) => Buffer;
}

type Works = "yes" | "no" | "unknown";

/**
 * Gives the stored login a new password. The new one is sealed before the target hears of it, and the old one stays in force
 * here until a login with the new one has worked: whatever fails in between, one of the two that are kept is the target's.
 */
export async function rotate(ports: RotatePorts, connection: Connection): Promise<{ readonly user: string }> {
  const { vault } = ports;
  const user = connection.target["user"];
  const old = (await vault.get(credentialRef(connection.id)))?.reveal();
  if (typeof user !== "string" || old === undefined)
    throw new HoopError("precondition-failed", `no password is stored with ${connection.name}`);
  await recover(ports, connection);
  const fresh = ports.random(32).toString("base64url");
  const admin = await ports.open(connection, user, old);
  try {
    await vault.put(pendingRef(connection.id), fresh);
    await change(ports, connection, admin, { user, old, fresh });
  } finally {
    admin.close();
  }
  await ports.commit(connection, fresh);
  await vault.delete(pendingRef(connection.id));
  return { user };
}

async function change(
  ports: RotatePorts,
  connection: Connection,
  admin: TargetAdmin,
  { user, old, fresh }: { user: string; old: string; fresh: string },
): Promise<void> {
  let failure: unknown;
  try {
    await admin.changePassword(user, fresh);
    (await ports.open(connection, user, fresh)).close();
    return;
  } catch (error) {
    failure = error;
  }
  // It may have been changed all the same; what is back in force must be known to be.
  await admin.changePassword(user, old).catch(() => {});
  const back = await works(ports, connection, user, old);
  if (back === "yes") await ports.vault.delete(pendingRef(connection.id));
  else if ((await works(ports, connection, user, fresh)) === "yes") return;
  const { message, hint } = hoopErrorFrom(failure, "the password could not be changed");
  const state = back === "yes" ? "the old password is in force" : "which password is in force will be found out";
  throw new HoopError("precondition-failed", `${message}; ${state}`, { cause: failure, hint });
}

/**
 * Ends what an interruption left: the password that waits is in force at the target, or it is not. False: nobody can tell now.
 */
export async function recover(ports: RotatePorts, connection: Connection): Promise<boolean> {
  const { vault } = ports;
  const pending = (await vault.get(pendingRef(connection.id)))?.reveal();
  if (pending === undefined) return true;
  const user = connection.target["user"];
  const kept = (await vault.get(credentialRef(connection.id)))?.reveal();
  if (typeof user === "string" && kept !== undefined) {
    if (kept !== pending && (await works(ports, connection, user, pending)) === "yes")
      await ports.commit(connection, pending);
    else if (kept !== pending && (await works(ports, connection, user, kept)) !== "yes") return false;
  }
  await vault.delete(pendingRef(connection.id));
  return true;
}

/** Whether the target lets in who knows this password. */
async function works(ports: RotatePorts, connection: Connection, user: string, secret: string): Promise<Works> {
  try {
    const admin = await ports.open(connection, user, secret);
    admin.close();
    return "yes";
  } catch (error) {
    return error instanceof HoopError && error.code === "precondition-failed" ? "no" : "unknown";
  }
}
