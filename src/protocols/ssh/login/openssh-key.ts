import { createPrivateKey, createPublicKey } from "node:crypto";
import { SshWriter } from "../wire.js";

/** PKCS#8 of an Ed25519 key up to its seed. Source: RFC 8410, section 7. */
const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * An Ed25519 key in OpenSSH's own format, made of its 32-byte seed: the same seed gives the same key on every replica.
 * Source: OpenSSH's PROTOCOL.key.
 */
export function ed25519FromSeed(seed: Buffer): { readonly privateKey: string; readonly publicKey: Buffer } {
  if (seed.length !== 32) throw new TypeError(`a seed has 32 bytes, not ${seed.length}`);
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: "der", type: "pkcs8" });
  const raw = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32);
  const publicKey = new SshWriter().string("ssh-ed25519").string(raw).end();
  const check = 0x686f6f70;
  const secret = new SshWriter()
    .uint32(check)
    .uint32(check)
    .string("ssh-ed25519")
    .string(raw)
    .string(Buffer.concat([seed, raw]))
    .string("hoop")
    .end();
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, at) => at + 1));
  const body = new SshWriter()
    .raw(Buffer.from("openssh-key-v1\0"))
    .string("none")
    .string("none")
    .string("")
    .uint32(1)
    .string(publicKey)
    .string(Buffer.concat([secret, padding]))
    .end()
    .toString("base64");
  const lines = body.match(/.{1,70}/g)!.join("\n");
  return {
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicKey,
  };
}
