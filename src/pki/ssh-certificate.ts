import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";

/** Signs with the authority's Ed25519 key; what it is, the vault knows. */
export interface SshAuthority {
  /** PEM, SPKI. */
  readonly publicKey: string;
  sign(data: Uint8Array): Buffer;
}

export interface SshCertificateRequest {
  /** Shown in the target's log: the person and the session. */
  readonly keyId: string;
  /** The one login name that it is good for. */
  readonly principal: string;
  readonly now: number;
  readonly lifeMs: number;
}

export interface SshUserCertificate {
  /** 32 bytes of the Ed25519 key that was made for this certificate alone. */
  readonly seed: Buffer;
  /** As SSH writes it. */
  readonly certificate: Buffer;
}

const type = "ssh-ed25519-cert-v01@openssh.com";
/** Clocks differ; a certificate that begins a minute ago is good on both. */
const skewMs = 60_000;
/** What a login by it may ask of the target; what is let through, rules decide before. */
const extensions = [
  "permit-X11-forwarding",
  "permit-agent-forwarding",
  "permit-port-forwarding",
  "permit-pty",
  "permit-user-rc",
];

/** A key of its own and a certificate for it, good for minutes. Source: OpenSSH's PROTOCOL.certkeys. */
export function issueSshCertificate(authority: SshAuthority, request: SshCertificateRequest): SshUserCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const seed = privateKey.export({ format: "der", type: "pkcs8" }).subarray(-32);
  const body = Buffer.concat([
    text(type),
    string(randomBytes(32)),
    string(raw),
    uint64(randomBytes(8).readBigUInt64BE() >> 1n),
    uint32(1),
    text(request.keyId),
    string(text(request.principal)),
    uint64(BigInt(Math.floor((request.now - skewMs) / 1_000))),
    uint64(BigInt(Math.floor((request.now + request.lifeMs) / 1_000))),
    string(Buffer.alloc(0)),
    string(Buffer.concat(extensions.map((name) => Buffer.concat([text(name), string(Buffer.alloc(0))])))),
    string(Buffer.alloc(0)),
    string(authorityKey(authority)),
  ]);
  const signature = Buffer.concat([text("ssh-ed25519"), string(authority.sign(body))]);
  return { seed, certificate: Buffer.concat([body, string(signature)]) };
}

/** The authority as a line of `TrustedUserCAKeys`. */
export function sshAuthorityLine(authority: Pick<SshAuthority, "publicKey">): string {
  return `ssh-ed25519 ${authorityKey(authority).toString("base64")} hoop`;
}

/** The host key that is made of a seed, as in known_hosts. */
export function sshHostKeyLine(seed: Buffer): string {
  // Source of the prefix: RFC 8410, section 7.
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const key = createPublicKey(createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" }));
  const raw = key.export({ format: "der", type: "spki" }).subarray(-32);
  return `ssh-ed25519 ${Buffer.concat([text("ssh-ed25519"), string(raw)]).toString("base64")}`;
}

function authorityKey({ publicKey }: Pick<SshAuthority, "publicKey">): Buffer {
  const raw = createPublicKey(publicKey).export({ format: "der", type: "spki" }).subarray(-32);
  return Buffer.concat([text("ssh-ed25519"), string(raw)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function uint64(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

const string = (value: Uint8Array) => Buffer.concat([uint32(value.length), value]);
const text = (value: string) => string(Buffer.from(value, "utf8"));
