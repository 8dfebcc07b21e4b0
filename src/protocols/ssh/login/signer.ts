import { HoopError } from "../../../vocabulary/index.js";
import { convertSignature, type ParsedKey, parseKey } from "../transport/library.js";
import { SshWriter } from "../wire.js";

/** A key that can prove itself, with or without a certificate. */
export interface Signer {
  /** `ssh-ed25519`, `rsa-sha2-512`, `ssh-ed25519-cert-v01@openssh.com`, … */
  readonly algorithm: string;
  /** As SSH writes it: the key, or the certificate. */
  readonly publicKey: Buffer;
  /** The signature as SSH writes it. */
  sign(data: Buffer): Buffer;
}

export function isPrivateKey(secret: string): boolean {
  return /^\s*-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(secret) || secret.startsWith("PuTTY-User-Key-File-");
}

/** Throws HoopError `invalid`, which says nothing of the key itself. */
export function signerFrom(privateKey: string, certificate: Buffer | null = null): Signer {
  const key = parseKey(privateKey);
  if (key instanceof Error || !key.isPrivateKey())
    throw new HoopError("invalid", "the stored credential is not a private key that can be read", {
      hint: "store a key without a passphrase: it is sealed by Hoop",
      cause: key,
    });
  const algorithm = key.type === "ssh-rsa" ? "rsa-sha2-512" : key.type;
  return {
    algorithm: certificate === null ? algorithm : `${algorithm}-cert-v01@openssh.com`,
    publicKey: certificate ?? key.getPublicSSH(),
    sign: (data) => signature(key, algorithm, data),
  };
}

function signature(key: ParsedKey, algorithm: string, data: Buffer): Buffer {
  const raw = key.sign(data, key.type === "ssh-rsa" ? "sha512" : undefined);
  if (raw instanceof Error) throw new HoopError("internal", "the stored key could not sign", { cause: raw });
  const converted = convertSignature(raw, key.type);
  if (!converted) throw new HoopError("internal", "the stored key's signature could not be written");
  return new SshWriter().string(algorithm).string(converted).end();
}
