import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { ScramVerifier } from "../../../secrets/native/index.js";
import { MalformedError } from "../../../wire/index.js";

export const scramMechanism = "SCRAM-SHA-256";
export const scramPlusMechanism = "SCRAM-SHA-256-PLUS";

/**
 * The server's side of SCRAM-SHA-256 and -PLUS (RFC 5802, 5929, 7677). Pure: the nonce is given.
 *
 * @throws MalformedError where the client does not follow the protocol; a wrong proof is an answer
 */
export class ScramServer {
  readonly #verifier: ScramVerifier;
  readonly #nonce: string;
  /** `tls-server-end-point` data; null: the binding is not offered. */
  readonly #binding: Buffer | null;
  #header = "";
  #bound: Buffer = Buffer.alloc(0);
  #messages = "";
  #fullNonce = "";

  constructor(verifier: ScramVerifier, nonce: string, binding: Buffer | null) {
    this.#verifier = verifier;
    this.#nonce = nonce;
    this.#binding = binding;
  }

  static mechanisms(binding: Buffer | null): readonly string[] {
    return binding === null ? [scramMechanism] : [scramPlusMechanism, scramMechanism];
  }

  first(mechanism: string, data: string): string {
    const parts = /^((?:p=([A-Za-z0-9.-]{1,64})|n|y),,)(n=([^,]*),r=([\x21-\x2b\x2d-\x7e]{1,1024}))$/.exec(data);
    if (parts === null) throw new MalformedError("the first SCRAM message cannot be read");
    const [, header = "", kind, bare = "", , nonce = ""] = parts;
    const plus = mechanism === scramPlusMechanism;
    if ((!plus && mechanism !== scramMechanism) || plus !== (kind !== undefined))
      throw new MalformedError("the SCRAM mechanism and its channel binding do not fit");
    if (plus && (kind !== "tls-server-end-point" || this.#binding === null))
      throw new MalformedError("the SCRAM channel binding is not offered here");
    // It believes that we cannot bind to the channel, and we said that we can: somebody between us took that away.
    if (header.startsWith("y") && this.#binding !== null) throw new MalformedError("a SCRAM downgrade was noticed");
    this.#header = header;
    this.#bound = plus ? this.#binding! : Buffer.alloc(0);
    this.#fullNonce = nonce + this.#nonce;
    const { salt, iterations } = this.#verifier;
    const answer = `r=${this.#fullNonce},s=${salt.toString("base64")},i=${iterations}`;
    this.#messages = `${bare},${answer}`;
    return answer;
  }

  /** The proof of ours that the client waits for; null: it does not know the password. */
  final(data: string): string | null {
    const parts = /^(c=([A-Za-z0-9+/=]{1,512}),r=([\x21-\x2b\x2d-\x7e]{1,2048})),p=([A-Za-z0-9+/=]{44})$/.exec(data);
    if (parts === null || this.#fullNonce === "") throw new MalformedError("the last SCRAM message cannot be read");
    const [, without = "", channel = "", nonce = "", proofText = ""] = parts;
    const expected = Buffer.concat([Buffer.from(this.#header), this.#bound]);
    if (!same(Buffer.from(channel, "base64"), expected))
      throw new MalformedError("the SCRAM channel binding does not fit");
    if (!same(Buffer.from(nonce), Buffer.from(this.#fullNonce)))
      throw new MalformedError("the SCRAM nonce does not fit");
    const proof = Buffer.from(proofText, "base64");
    if (proof.length !== 32) throw new MalformedError("the SCRAM proof has another length");
    const message = `${this.#messages},${without}`;
    const { storedKey, serverKey } = this.#verifier;
    const signature = createHmac("sha256", storedKey).update(message).digest();
    const clientKey = Buffer.from(proof.map((byte, at) => byte ^ signature[at]!));
    const known = timingSafeEqual(createHash("sha256").update(clientKey).digest(), storedKey);
    const own = createHmac("sha256", serverKey).update(message).digest("base64");
    return known ? `v=${own}` : null;
  }
}

function same(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
