import { type Connection, type ConnectionId, HoopError } from "../vocabulary/index.js";
import type { CredentialProvider } from "./lease.js";
import type { SecretSources } from "./sources/index.js";
import type { SecretRef } from "./store.js";
import type { SecretVault } from "./vault.js";
import { within } from "./within.js";

/** Where a connection's stored password lies in the vault. */
export const credentialRef = (connection: ConnectionId): SecretRef => ({
  kind: "connection-credential",
  id: connection,
});

/** Leases the connection's stored credential: the user of its target, the password sealed in the vault or kept elsewhere. */
export function createCredentialProvider(
  vault: Pick<SecretVault, "get">,
  /** Whether a protocol cannot log in without a user's name. */
  needsUser: (protocol: string) => boolean = () => true,
  sources: Pick<SecretSources, "lease"> | null = null,
): CredentialProvider {
  function userOf(connection: Connection, given: string | null): string {
    const said = connection.target["user"];
    // A user that comes with its password is the one that it belongs to.
    const user = given ?? (typeof said === "string" ? said : "");
    if (user !== "" || !needsUser(connection.protocol)) return user;
    throw new HoopError("not-found", `connection ${connection.name} has no user to log in with`, {
      hint: `hoop connections edit ${connection.name} --user NAME`,
    });
  }

  return {
    async lease(connection: Connection, _subject, signal) {
      const from = connection.credential?.from;
      if (from === undefined) {
        const user = userOf(connection, null);
        const secret = await within(signal, vault.get(credentialRef(connection.id)), connection.name);
        return { user, secret: secret === null ? null : secret.reveal(), expires: null, release: async () => {} };
      }
      if (sources === null) throw new HoopError("precondition-failed", "this gateway reads no secrets from elsewhere");
      const reading = sources.lease(connection, from);
      try {
        const { user, ...rest } = await within(signal, reading, connection.name);
        return { user: userOf(connection, user), ...rest };
      } catch (error) {
        // Made for an asker that is gone, or that it does not suit.
        reading.then(
          (late) => late.release(),
          () => {},
        );
        throw error;
      }
    },
  };
}
