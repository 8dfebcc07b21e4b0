import { SshReader } from "../wire.js";
import { parseKey } from "./library.js";

/** What a host shows that an authority vouches for. Source: OpenSSH's PROTOCOL.certkeys. */
export interface HostCertificate {
  /** The key that is vouched for, as SSH writes it. */
  readonly key: Buffer;
  /** Names that it is good for; empty: any. */
  readonly principals: readonly string[];
  /** Seconds since the epoch. */
  readonly from: bigint;
  readonly until: bigint;
  /** The authority's key, as SSH writes it. */
  readonly authority: Buffer;
}

/** Fields of the key itself, by type; the nonce stands before them. */
const keyFields: Readonly<Record<string, number>> = {
  "ssh-ed25519-cert-v01@openssh.com": 1,
  "ecdsa-sha2-nistp256-cert-v01@openssh.com": 2,
  "ecdsa-sha2-nistp384-cert-v01@openssh.com": 2,
  "ecdsa-sha2-nistp521-cert-v01@openssh.com": 2,
  "ssh-rsa-cert-v01@openssh.com": 2,
};

/** Algorithms of host keys that are certificates, in the order in which they are asked for. Not RSA: the library compares names that differ. */
export const certificateAlgorithms = [
  "ssh-ed25519-cert-v01@openssh.com",
  "ecdsa-sha2-nistp256-cert-v01@openssh.com",
  "ecdsa-sha2-nistp384-cert-v01@openssh.com",
  "ecdsa-sha2-nistp521-cert-v01@openssh.com",
] as const;

const plainSuffix = "-cert-v01@openssh.com";
const hostType = 2;
const maxPrincipals = 256;

/** `rsa-sha2-512-cert-v01@openssh.com` → `rsa-sha2-512`: what signs where the certificate vouches. */
export function plainAlgorithm(name: string): string {
  return name.endsWith(plainSuffix) ? name.slice(0, -plainSuffix.length) : name;
}

/** Whether a blob is a certificate and no plain key. */
export function isCertificate(blob: Buffer): boolean {
  return blob.length > 4 && Object.hasOwn(keyFields, new SshReader(blob).text());
}

/** Reads a host's certificate and checks its authority's signature. Null: it is none, or a forged one. Throws MalformedError. */
export function readHostCertificate(blob: Buffer): HostCertificate | null {
  const reader = new SshReader(blob);
  const type = reader.text();
  const fields = Object.hasOwn(keyFields, type) ? keyFields[type]! : 0;
  if (fields === 0) return null;
  reader.string();
  const begins = reader.at;
  for (let field = 0; field < fields; field++) reader.string();
  const key = Buffer.concat([lengthed(Buffer.from(plainAlgorithm(type))), blob.subarray(begins, reader.at)]);
  reader.bytes(8);
  const kind = reader.uint32();
  reader.string();
  const principals = stringsOf(reader.string());
  const from = reader.bytes(8).readBigUInt64BE();
  const until = reader.bytes(8).readBigUInt64BE();
  const critical = reader.string();
  reader.string();
  reader.string();
  const authority = Buffer.from(reader.string());
  const signed = blob.subarray(0, reader.at);
  const signature = reader.string();
  // Options that must be understood: none is known for hosts.
  if (kind !== hostType || critical.length > 0 || principals === null || reader.rest().length > 0) return null;
  if (isCertificate(authority) || !isSignedBy(authority, signed, signature)) return null;
  return { key, principals, from, until, authority };
}

function stringsOf(list: Buffer): readonly string[] | null {
  const reader = new SshReader(list);
  const found: string[] = [];
  while (reader.at < list.length) {
    if (found.length >= maxPrincipals) return null;
    found.push(reader.text());
  }
  return found;
}

function isSignedBy(authority: Buffer, signed: Buffer, signature: Buffer): boolean {
  const type = new SshReader(authority).text();
  const key = parseKey(Buffer.from(`${type} ${authority.toString("base64")}`));
  if (key instanceof Error || key.isPrivateKey()) return false;
  const reader = new SshReader(signature);
  const algorithm = reader.text();
  const hash = hashes[algorithm];
  // SHA-1 vouches for nothing; a key signs by its own algorithm alone.
  if (hash === undefined || (type === "ssh-rsa" ? !algorithm.startsWith("rsa-sha2-") : algorithm !== type))
    return false;
  return key.verify(signed, signatureOf(type, reader.string()), hash ?? undefined) === true;
}

const hashes: Readonly<Record<string, string | null>> = {
  "ssh-ed25519": null,
  "ecdsa-sha2-nistp256": null,
  "ecdsa-sha2-nistp384": null,
  "ecdsa-sha2-nistp521": null,
  "rsa-sha2-256": "sha256",
  "rsa-sha2-512": "sha512",
};

/** ECDSA's two numbers as the library's verifier wants them: DER. */
function signatureOf(type: string, raw: Buffer): Buffer {
  if (!type.startsWith("ecdsa-")) return raw;
  const reader = new SshReader(raw);
  const [r, s] = [reader.string(), reader.string()].map((number) =>
    Buffer.concat([Buffer.from([2, number.length]), number]),
  );
  const body = Buffer.concat([r!, s!]);
  const length = body.length < 128 ? Buffer.from([body.length]) : Buffer.from([0x81, body.length]);
  return Buffer.concat([Buffer.from([0x30]), length, body]);
}

function lengthed(bytes: Buffer): Buffer {
  const head = Buffer.allocUnsafe(4);
  head.writeUInt32BE(bytes.length);
  return Buffer.concat([head, bytes]);
}
