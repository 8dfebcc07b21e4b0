import { createHash, createPublicKey, randomUUID } from "node:crypto";
import type { SigningKey } from "../secrets/vault.js";
import type { Subject } from "../vocabulary/index.js";

/** Long enough for clocks that differ; a token that leaks is worth little. */
const lifeSeconds = 5 * 60;
const issuer = "hoop";

/** Tokens (RFC 7519, EdDSA) that tell a target who is asking. The key stays in the vault, which is why they are put together here. */
export interface IdentityTokens {
  /** What targets check them with (RFC 7517). */
  readonly jwks: object;
  sign(audience: string, subject: Subject, more: Readonly<Record<string, string>>): string;
}

export async function identityTokens(key: SigningKey, now: () => number): Promise<IdentityTokens> {
  const { kty, crv, x } = createPublicKey(key.publicKey).export({ format: "jwk" });
  // RFC 7638: members in alphabetical order.
  const kid = createHash("sha256").update(JSON.stringify({ crv, kty, x })).digest("base64url");
  const head = encode({ alg: "EdDSA", typ: "JWT", kid });
  return {
    jwks: { keys: [{ kty, crv, x, kid, use: "sig", alg: "EdDSA" }] },
    sign(audience, subject, more) {
      const iat = Math.floor(now() / 1000);
      const claims = {
        iss: issuer,
        aud: audience,
        sub: subject.name,
        groups: subject.groups,
        ...more,
        iat,
        nbf: iat - 30,
        exp: iat + lifeSeconds,
        jti: randomUUID(),
      };
      const text = `${head}.${encode(claims)}`;
      return `${text}.${Buffer.from(key.sign(Buffer.from(text))).toString("base64url")}`;
    },
  };
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
