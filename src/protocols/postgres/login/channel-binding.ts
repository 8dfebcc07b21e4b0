import { createHash } from "node:crypto";

/** Signature algorithms by their object identifier; md5 and SHA-1 count as SHA-256 (RFC 5929, section 4.1). */
const hashes: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.1.4": "sha256",
  "1.2.840.113549.1.1.5": "sha256",
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
  "1.2.840.113549.1.1.14": "sha224",
  "1.2.840.10045.4.1": "sha256",
  "1.2.840.10045.4.3.1": "sha224",
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
  "1.2.840.10040.4.3": "sha256",
  "2.16.840.1.101.3.4.3.1": "sha224",
  "2.16.840.1.101.3.4.3.2": "sha256",
};

/**
 * The `tls-server-end-point` data of a certificate: its hash by the hash of its own signature. Null: the signature names
 * no single hash (RSASSA-PSS, Ed25519), so that nobody can say what both sides would compute.
 */
export function serverEndPoint(certificate: Buffer): Buffer | null {
  const oid = signatureAlgorithm(certificate);
  const hash = oid === null ? undefined : hashes[oid];
  return hash === undefined ? null : createHash(hash).update(certificate).digest();
}

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OBJECT IDENTIFIER, … }, … } (RFC 5280). */
function signatureAlgorithm(der: Buffer): string | null {
  const certificate = element(der, 0, 0x30);
  if (certificate === null) return null;
  const tbs = element(der, certificate.start, 0x30);
  if (tbs === null) return null;
  const algorithm = element(der, tbs.end, 0x30);
  if (algorithm === null) return null;
  const oid = element(der, algorithm.start, 0x06);
  return oid === null ? null : objectIdentifier(der.subarray(oid.start, oid.end));
}

function element(der: Buffer, at: number, tag: number): { start: number; end: number } | null {
  if (der[at] !== tag) return null;
  let length = der[at + 1];
  let start = at + 2;
  if (length === undefined) return null;
  if (length >= 0x80) {
    const bytes = length & 0x7f;
    if (bytes === 0 || bytes > 3 || start + bytes > der.length) return null;
    length = der.readUIntBE(start, bytes);
    start += bytes;
  }
  return start + length > der.length ? null : { start, end: start + length };
}

function objectIdentifier(bytes: Buffer): string {
  const parts = [Math.min(2, Math.floor(bytes[0]! / 40))];
  parts.push(bytes[0]! - parts[0]! * 40);
  let value = 0;
  for (const byte of bytes.subarray(1)) {
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      parts.push(value);
      value = 0;
    }
  }
  return parts.join(".");
}
