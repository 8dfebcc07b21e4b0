import type { TargetKeys } from "../connections/index.js";
import { issueSshCertificate, sshHostKeyLine } from "../pki/index.js";
import type { SessionInit, SessionKeys } from "../protocol/index.js";
import type { SecretVault } from "../secrets/index.js";
import { identityTokens } from "./identity-tokens.js";

/** A login by certificate begins at once; minutes are for slow targets and clocks that differ. */
const certificateMs = 5 * 60_000;

/** The name under which the vault keeps the key that signs SSH logins. */
export const sshAuthorityName = "ssh-users";

/** The keys of both hops of a session, for protocols that know hosts and users by keys. */
export async function sessionKeys({
  vault,
  targetKeys,
  now,
}: {
  readonly vault: SecretVault;
  readonly targetKeys: TargetKeys;
  readonly now: () => number;
}): Promise<{
  /** As in known_hosts: what tunnels tell `ssh`. */
  readonly hostKey: string;
  readonly of: (session: SessionInit) => SessionKeys;
  /** The public key behind identity tokens, as a JSON Web Key Set. */
  readonly jwks: object;
}> {
  const hostSeed = (await vault.purposeKey("ssh-host")).export();
  const authority = await vault.signingKey(sshAuthorityName);
  const identity = await identityTokens(await vault.signingKey("identity-tokens"), now);
  const of = ({ session, subject, connection }: SessionInit): SessionKeys => ({
    hostKeySeed: async () => hostSeed,
    async userCertificate(user) {
      return issueSshCertificate(
        { publicKey: authority.publicKey, sign: (data) => Buffer.from(authority.sign(data)) },
        { keyId: `hoop ${subject.name} ${session}`, principal: user, now: now(), lifeMs: certificateMs },
      );
    },
    identityToken: async (audience) => identity.sign(audience, subject, { session, connection: connection.name }),
    known: () => targetKeys.known(connection),
    learn: (key) => targetKeys.learn(connection, key),
  });
  return { jwks: identity.jwks, of, hostKey: sshHostKeyLine(hostSeed) };
}
