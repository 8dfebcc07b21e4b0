import { generateKeyPairSync, sign } from "node:crypto";

/** One DER element. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length =
    body.length < 0x100 ? Buffer.from([0x81, body.length]) : Buffer.from([0x82, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([Buffer.from([tag]), length, body]);
}

const sequence = 0x30;
const ecdsaWithSha256 = Buffer.from("06082a8648ce3d040302", "hex");

/** A new key (EC P-256) and a PKCS #10 request for it (RFC 2986). It asks for no names: the gateway chooses them. */
export function createSigningRequest(): { readonly key: string; readonly request: Buffer } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const info = der(
    sequence,
    Buffer.from([0x02, 1, 0]), // version 1
    der(sequence), // no subject
    publicKey.export({ type: "spki", format: "der" }),
    Buffer.from([0xa0, 0]), // no attributes
  );
  const signature = sign("sha256", info, privateKey);
  const request = der(sequence, info, der(sequence, ecdsaWithSha256), der(0x03, Buffer.from([0]), signature));
  return { key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), request };
}
