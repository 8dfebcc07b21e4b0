import { randomBytes, webcrypto } from "node:crypto";
import { nameConstraints } from "./name-constraints.js";
import { x509 } from "./x509.js";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** Peers whose clocks are this far behind accept what was issued just now. */
export const backdateMs = 5 * 60_000;

export type AlternativeName = { readonly type: "dns" | "ip" | "url"; readonly value: string };

export interface Issuer {
  /** PEM */
  readonly certificate: string;
  readonly key: webcrypto.CryptoKey;
}

/** Positive, 127 bits of chance: unique without a counter, and never a DER negative. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString("hex");
}

/** Seconds are all that a certificate can say. */
const wholeSeconds = (ms: number) => new Date(Math.floor(ms / 1000) * 1000);

export const generateKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);

export async function exportPrivateKey(key: webcrypto.CryptoKey): Promise<Buffer> {
  return Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key));
}

export const importPrivateKey = (pkcs8: Uint8Array): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]);

/** A self-signed authority (EC P-256) that may sign end certificates only; with `suffix`, only for names under it. */
export async function selfSignAuthority(options: {
  readonly commonName: string;
  readonly suffix: string | null;
  readonly now: number;
  readonly lifeMs: number;
}): Promise<{ readonly certificate: string; readonly privateKey: Buffer; readonly expires: Date }> {
  const keys = await generateKeys();
  const expires = wholeSeconds(options.now + options.lifeMs);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [options.commonName] }, { O: ["Hoop"] }],
    notBefore: wholeSeconds(options.now - backdateMs),
    notAfter: expires,
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ...(options.suffix === null ? [] : [nameConstraints(options.suffix)]),
    ],
  });
  return { certificate: pem(certificate), privateKey: await exportPrivateKey(keys.privateKey), expires };
}

/** An end certificate. Subject and names are the issuer's choice, whatever the holder asked for. */
export async function issueCertificate(
  issuer: Issuer,
  options: {
    readonly commonName: string;
    readonly names: readonly AlternativeName[];
    readonly publicKey: webcrypto.CryptoKey | InstanceType<typeof x509.PublicKey>;
    readonly usage: "serverAuth" | "clientAuth";
    readonly now: number;
    readonly lifeMs: number;
  },
): Promise<InstanceType<typeof x509.X509Certificate>> {
  const authority = new x509.X509Certificate(issuer.certificate);
  return x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [options.commonName.slice(0, 64)] }],
    issuer: authority.subjectName.toJSON(),
    notBefore: wholeSeconds(options.now - backdateMs),
    notAfter: wholeSeconds(Math.min(options.now + options.lifeMs, authority.notAfter.getTime())),
    publicKey: options.publicKey,
    signingKey: issuer.key,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[options.usage]]),
      new x509.SubjectAlternativeNameExtension([...options.names]),
      await x509.SubjectKeyIdentifierExtension.create(options.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
}

/** PEM with the line feed at its end that concatenating chains needs. */
export function pem(certificate: InstanceType<typeof x509.X509Certificate>): string {
  return `${certificate.toString("pem").trim()}\n`;
}

/** The private key as PEM (PKCS #8). */
export async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const lines = (await exportPrivateKey(key)).toString("base64").match(/.{1,64}/g)!;
  return `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`;
}
