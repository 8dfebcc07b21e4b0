import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { HoopError } from "../../../vocabulary/index.js";
import { saslprep } from "./saslprep.js";

/** More than this would let a hostile server burn our processor; PostgreSQL's own default is 4,096. */
export const maxIterations = 1_000_000;

/** How the exchange is tied to the TLS channel (RFC 5802, section 6). */
export type ChannelBinding =
  /** We cannot. */
  | { readonly kind: "none" }
  /** We could, but the server did not offer it: it notices when somebody between us hid its offer. */
  | { readonly kind: "not-offered" }
  | { readonly kind: "tls-server-end-point"; readonly data: Buffer };

const hmac = (key: Buffer, text: string): Buffer => createHmac("sha256", key).update(text, "utf8").digest();

function failed(text: string): HoopError {
  return new HoopError("malformed", `the target's SCRAM login ${text}`);
}

/**
 * The client's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677). Pure: the nonce is given, and the key is
 * stretched by whoever holds the loop.
 *
 * @example
 * const scram = new Scram(secret, nonce, { kind: "none" });
 * send(scram.mechanism, scram.clientFirst());
 * const { salt, iterations } = scram.serverFirst(data);
 * send(scram.clientFinal(await pbkdf2(scram.secret, salt, iterations, 32, "sha256")));
 * scram.serverFinal(data); // throws unless the server proved that it knows the secret
 */
export class Scram {
  readonly mechanism: "SCRAM-SHA-256" | "SCRAM-SHA-256-PLUS";
  /** What is to be stretched. */
  readonly secret: string;
  readonly #nonce: string;
  readonly #header: string;
  readonly #binding: ChannelBinding;
  #serverFirst = "";
  #fullNonce = "";
  #serverSignature: Buffer | null = null;

  readonly #user: string;

  /** `user`: PostgreSQL takes the user from the startup packet and ignores the one here; only others need it. */
  constructor(secret: string, nonce: string, binding: ChannelBinding, user = "") {
    this.#user = user;
    this.secret = saslprep(secret);
    this.#nonce = nonce;
    this.#binding = binding;
    this.mechanism = binding.kind === "tls-server-end-point" ? "SCRAM-SHA-256-PLUS" : "SCRAM-SHA-256";
    this.#header = { none: "n,,", "not-offered": "y,,", "tls-server-end-point": "p=tls-server-end-point,," }[
      binding.kind
    ];
  }

  get #clientFirstBare(): string {
    return `n=${this.#user},r=${this.#nonce}`;
  }

  clientFirst(): string {
    return this.#header + this.#clientFirstBare;
  }

  serverFirst(data: string): { salt: Buffer; iterations: number } {
    if (data.length > 4096) throw failed("sent an oversized first message");
    const [nonce, salt, iterations] = attributes(data, ["r", "s", "i"]);
    if (
      !nonce!.startsWith(this.#nonce) ||
      nonce!.length <= this.#nonce.length ||
      !/^[\x21-\x2b\x2d-\x7e]+$/.test(nonce!)
    ) {
      throw failed("answered with a nonce that is not ours continued");
    }
    const saltBytes = base64(salt!);
    if (saltBytes.length === 0) throw failed("sent no salt");
    if (!/^[1-9][0-9]{0,9}$/.test(iterations!)) throw failed("sent an iteration count that is no number");
    const count = Number(iterations);
    if (count > maxIterations) throw failed(`wants ${count} iterations, more than the ${maxIterations} allowed`);
    this.#serverFirst = data;
    this.#fullNonce = nonce!;
    return { salt: saltBytes, iterations: count };
  }

  /** `saltedPassword`: PBKDF2-HMAC-SHA-256 of `secret`, 32 bytes. */
  clientFinal(saltedPassword: Buffer): string {
    const bound = this.#binding.kind === "tls-server-end-point" ? this.#binding.data : Buffer.alloc(0);
    const channel = Buffer.concat([Buffer.from(this.#header), bound]).toString("base64");
    const withoutProof = `c=${channel},r=${this.#fullNonce}`;
    const message = `${this.#clientFirstBare},${this.#serverFirst},${withoutProof}`;
    const clientKey = hmac(saltedPassword, "Client Key");
    const storedKey = createHash("sha256").update(clientKey).digest();
    const signature = hmac(storedKey, message);
    const proof = Buffer.alloc(32);
    for (let i = 0; i < 32; i++) proof[i] = clientKey[i]! ^ signature[i]!;
    this.#serverSignature = hmac(hmac(saltedPassword, "Server Key"), message);
    return `${withoutProof},p=${proof.toString("base64")}`;
  }

  /** Throws unless the server proved that it knows the secret too. */
  serverFinal(data: string): void {
    if (this.#serverSignature === null) throw failed("ended before it began");
    if (data.startsWith("e=")) throw failed("ended with an error");
    const [verifier] = attributes(data, ["v"]);
    const signature = base64(verifier!);
    if (signature.length !== 32 || !timingSafeEqual(signature, this.#serverSignature)) {
      throw failed("could not prove that the target knows the secret: this is not the server it says it is");
    }
  }
}

/** The values of exactly these attributes in this order; more may follow, a mandatory extension (`m=`) may not. */
function attributes(data: string, names: readonly string[]): string[] {
  const parts = data.split(",");
  if (parts.length < names.length || parts.some((part) => part.startsWith("m=")))
    throw failed("sent a message we do not know");
  return names.map((name, i) => {
    const part = parts[i]!;
    if (!part.startsWith(`${name}=`)) throw failed("sent a message we do not know");
    return part.slice(2);
  });
}

function base64(text: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  // Node skips what is not base64; a peer that sends such a thing is not to be trusted with more.
  if (bytes.toString("base64") !== text) throw failed("sent something that is not base64");
  return bytes;
}
