import { type Connection, type ConnectionId, HoopError } from "../vocabulary/index.js";
import type { CredentialProvider } from "./lease.js";
import type { SecretRef } from "./store.js";
import type { SecretVault } from "./vault.js";

/** Where a connection's stored password lies in the vault. */
export const credentialRef = (connection: ConnectionId): SecretRef => ({
  kind: "connection-credential",
  id: connection,
});

/** Leases the connection's stored credential: the user of its target, the password sealed in the vault. */
export function createCredentialProvider(
  vault: Pick<SecretVault, "get">,
  /** Whether a protocol cannot log in without a user's name. */
  needsUser: (protocol: string) => boolean = () => true,
): CredentialProvider {
  return {
    async lease(connection: Connection, _subject, signal) {
      const said = connection.target["user"];
      const user = typeof said === "string" ? said : "";
      if (user === "" && needsUser(connection.protocol)) {
        throw new HoopError("not-found", `connection ${connection.name} has no user to log in with`, {
          hint: `hoop connections edit ${connection.name} --user NAME`,
        });
      }
      const secret = await within(signal, vault.get(credentialRef(connection.id)), connection.name);
      return { user, secret: secret === null ? null : secret.reveal(), expires: null, release: async () => {} };
    },
  };
}

async function within<T>(signal: AbortSignal, work: Promise<T>, name: string): Promise<T> {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () =>
      reject(new HoopError("unavailable", `the credential of ${name} was not there in time`, { cause: signal.reason }));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } catch (error) {
    if (error instanceof HoopError) throw error;
    throw new HoopError("unavailable", `the credential of ${name} cannot be read now`, { cause: error });
  } finally {
    signal.removeEventListener("abort", stop);
    work.catch(() => {});
  }
}
