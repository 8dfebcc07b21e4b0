import {
  generateKeys,
  importPrivateKey,
  issueCertificate,
  pem,
  privateKeyPem,
  selfSignAuthority,
} from "../../src/pki/issue.js";

/** A certificate authority of a test's own. */
export interface TestAuthority {
  readonly ca: string;
  issue(
    names: readonly string[],
    usage?: "serverAuth" | "clientAuth",
  ): Promise<{ readonly key: string; readonly chain: string }>;
}

export async function createTestAuthority(commonName: string): Promise<TestAuthority> {
  const options = { now: Date.now(), lifeMs: 3_600_000 };
  const made = await selfSignAuthority({ commonName, suffix: null, ...options });
  const issuer = { certificate: made.certificate, key: await importPrivateKey(made.privateKey) };
  return {
    ca: made.certificate,
    async issue(names, usage = "serverAuth") {
      const keys = await generateKeys();
      const certificate = await issueCertificate(issuer, {
        commonName: names[0]!,
        names: names.map((value) => ({ type: /^[0-9.]+$|:/.test(value) ? ("ip" as const) : ("dns" as const), value })),
        publicKey: keys.publicKey,
        usage,
        ...options,
      });
      return { key: await privateKeyPem(keys.privateKey), chain: pem(certificate) + made.certificate };
    },
  };
}
