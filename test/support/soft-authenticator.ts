import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** What a test may get wrong on purpose. */
export interface Bent {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  readonly userVerified?: boolean;
  readonly crossOrigin?: boolean;
  readonly counter?: number;
  readonly userHandle?: string | null;
  /** Signs with another key than the one that was registered. */
  readonly otherKey?: boolean;
}

interface Options {
  readonly challenge: string;
  readonly [more: string]: unknown;
}

/** A passkey in software: answers as a browser would, or bent. */
export class SoftAuthenticator {
  readonly #origin: string;
  readonly #keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  readonly credentialId = randomBytes(32);
  #userHandle: string | null = null;
  #counter = 0;

  constructor(origin: string) {
    this.#origin = origin;
    this.#keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  }

  /** As `navigator.credentials.create`. */
  create(options: Options, bent: Bent = {}): Record<string, unknown> {
    const { rp, user } = options as unknown as { rp: { id: string }; user: { id: string } };
    // A key keeps the account that it was made for.
    this.#userHandle ??= user.id;
    const clientData = this.#clientData("webauthn.create", options.challenge, bent);
    const { x, y } = this.#keys.publicKey.export({ format: "jwk" });
    const cose = Buffer.concat([
      Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]),
      Buffer.from(x!, "base64url"),
      Buffer.from([0x22, 0x58, 0x20]),
      Buffer.from(y!, "base64url"),
    ]);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.credentialId.length);
    const attested = Buffer.concat([Buffer.alloc(16), length, this.credentialId, cose]);
    const authData = Buffer.concat([this.#authData(rp.id, 0x40, bent), attested]);
    return this.#answer({
      clientDataJSON: clientData.toString("base64url"),
      attestationObject: attestationObject(authData).toString("base64url"),
      transports: ["internal"],
    });
  }

  /** As `navigator.credentials.get`. */
  get(options: Options, bent: Bent = {}): Record<string, unknown> {
    const clientData = this.#clientData("webauthn.get", options.challenge, bent);
    this.#counter += 1;
    const authData = this.#authData(String(options.rpId), 0, bent);
    const key = bent.otherKey ? generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey : this.#keys.privateKey;
    const signed = Buffer.concat([authData, createHash("sha256").update(clientData).digest()]);
    return this.#answer({
      clientDataJSON: clientData.toString("base64url"),
      authenticatorData: authData.toString("base64url"),
      signature: sign("sha256", signed, key).toString("base64url"),
      userHandle: bent.userHandle === undefined ? this.#userHandle : bent.userHandle,
    });
  }

  #clientData(type: string, challenge: string, bent: Bent): Buffer {
    return Buffer.from(
      JSON.stringify({
        type: bent.type ?? type,
        challenge: bent.challenge ?? challenge,
        origin: bent.origin ?? this.#origin,
        crossOrigin: bent.crossOrigin ?? false,
      }),
    );
  }

  #authData(rpId: string, more: number, bent: Bent): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(bent.counter ?? this.#counter);
    const flags = 0x01 | (bent.userVerified === false ? 0 : 0x04) | more;
    return Buffer.concat([
      createHash("sha256")
        .update(bent.rpId ?? rpId)
        .digest(),
      Buffer.from([flags]),
      counter,
    ]);
  }

  #answer(response: Record<string, unknown>): Record<string, unknown> {
    const id = this.credentialId.toString("base64url");
    return { id, rawId: id, type: "public-key", response, clientExtensionResults: {} };
  }
}

/** CBOR of `{ fmt: "none", attStmt: {}, authData }`. */
function attestationObject(authData: Buffer): Buffer {
  const text = (word: string) => Buffer.concat([Buffer.from([0x60 + word.length]), Buffer.from(word)]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(authData.length);
  return Buffer.concat([
    Buffer.from([0xa3]),
    text("fmt"),
    text("none"),
    text("attStmt"),
    Buffer.from([0xa0]),
    text("authData"),
    Buffer.from([0x59]),
    length,
    authData,
  ]);
}
