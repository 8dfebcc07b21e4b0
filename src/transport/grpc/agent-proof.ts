import { createPrivateKey, type KeyObject, randomBytes, sign, verify, X509Certificate } from "node:crypto";
import type { Headers } from "../http2/index.js";

/**
 * How an agent proves itself where no TLS of ours reaches the gateway: on loopback, or behind something that ends TLS. It
 * shows its certificate and signs the call with the key in it. The bytes behind the call are as open as the network that
 * they pass: this says who calls, and protects nothing else.
 */
export const agentCertificateHeader = "hoop-agent-certificate";
export const agentProofHeader = "hoop-agent-proof";
/** The one-time nonce of the dial order that a lane answers. */
export const laneNonceHeader = "hoop-nonce";

/** How far the clocks of agent and gateway may be apart, milliseconds. */
const maxAgeMs = 60_000;
/** Proofs of one certificate that are remembered, and of all: an agent opens a control stream now and then. */
const maxSeenOfOne = 1000;
const maxSeen = 50_000;
const maxKnown = 1000;
const maxCertificateText = 6 * 1024;
const proofForm = /^1\.([0-9]{13})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{40,512})$/;

/** What is signed. Every part is bound by its line, and none of them can hold a line break. */
function signedText(path: string, laneNonce: string, at: string, random: string): Buffer {
  return Buffer.from(`hoop agent proof 1\n${path}\n${laneNonce}\n${at}\n${random}\n`, "utf8");
}

/** Ed25519 brings its own hash. */
const hashFor = (key: KeyObject) => (key.asymmetricKeyType === "ed25519" ? null : "sha256");

/** The metadata that proves an agent for its calls; certificate and key are read once. PEM, leaf first. */
export function agentProver(
  identity: { readonly certificate: string; readonly key: string },
  now: () => number = Date.now,
): (path: string, headers: Readonly<Record<string, string>>) => Record<string, string> {
  const certificate = new X509Certificate(identity.certificate).raw.toString("base64url");
  const key = createPrivateKey(identity.key);
  return (path, headers) => {
    const at = String(now());
    const random = randomBytes(16).toString("base64url");
    const signature = sign(hashFor(key), signedText(path, headers[laneNonceHeader] ?? "", at, random), key);
    return {
      [agentCertificateHeader]: certificate,
      [agentProofHeader]: `1.${at}.${random}.${signature.toString("base64url")}`,
    };
  };
}

interface Known {
  readonly der: Buffer;
  readonly key: KeyObject;
  /** The bundle that the chain was verified against. */
  readonly authorities: string;
  readonly from: number;
  readonly until: number;
}

/** The gateway's side: which certificates were proven. Each proof is good once, for a minute. */
export class AgentProofs {
  readonly #known = new Map<string, Known>();
  /** By certificate: the randoms that were used, and when each may be forgotten. */
  readonly #seen = new Map<string, Map<string, number>>();
  #seenCount = 0;

  /** The certificate (DER) that the call proves, signed by one of the authorities (PEM) and valid now; null: it proves none. */
  verify(path: string, headers: Headers, authorities: string, now: number): Buffer | null {
    const text = headers[agentCertificateHeader];
    const proof = headers[agentProofHeader];
    const laneNonce = headers[laneNonceHeader] ?? "";
    if (typeof text !== "string" || typeof proof !== "string" || typeof laneNonce !== "string") return null;
    const parts = proofForm.exec(proof);
    if (parts === null || text.length > maxCertificateText) return null;
    const [, at = "", random = "", signature = ""] = parts;
    if (Math.abs(now - Number(at)) > maxAgeMs) return null;
    const known = this.#certificate(text, authorities);
    if (known === null || now < known.from || now >= known.until) return null;
    const signed = signedText(path, laneNonce, at, random);
    if (!verify(hashFor(known.key), signed, known.key, Buffer.from(signature, "base64url"))) return null;
    // A lane's nonce is the gateway's own and good once: nothing more to remember.
    if (laneNonce === "" && !this.#firstUse(text, random, Number(at), now)) return null;
    return known.der;
  }

  /** Parsed and its chain verified, once. */
  #certificate(text: string, authorities: string): Known | null {
    const before = this.#known.get(text);
    if (before?.authorities === authorities) return before;
    let known: Known | null = null;
    try {
      const certificate = new X509Certificate(Buffer.from(text, "base64url"));
      // One spelling only: proofs that were used are remembered by this text, and base64 and DER have many for the same.
      if (certificate.raw.toString("base64url") === text && issuedByOneOf(certificate, authorities)) {
        known = {
          der: certificate.raw,
          key: certificate.publicKey,
          authorities,
          from: Date.parse(certificate.validFrom),
          until: Date.parse(certificate.validTo),
        };
      }
    } catch {
      // Whatever it is, it is no certificate.
    }
    this.#known.delete(text);
    if (known === null) return null;
    this.#known.set(text, known);
    if (this.#known.size > maxKnown) this.#known.delete(this.#known.keys().next().value!);
    return known;
  }

  /** Only what was signed by an agent's key comes here: strangers cannot fill the memory. Full means no. */
  #firstUse(certificate: string, random: string, at: number, now: number): boolean {
    let used = this.#seen.get(certificate);
    if (used?.has(random)) return false;
    if (this.#seenCount >= maxSeen || (used?.size ?? 0) >= maxSeenOfOne) {
      this.#forget(now);
      used = this.#seen.get(certificate);
      if (this.#seenCount >= maxSeen || (used?.size ?? 0) >= maxSeenOfOne) return false;
    }
    if (used === undefined) {
      used = new Map();
      this.#seen.set(certificate, used);
    }
    used.set(random, at + maxAgeMs);
    this.#seenCount++;
    return true;
  }

  /** What is too old to be taken need not be remembered. */
  #forget(now: number): void {
    for (const [certificate, used] of this.#seen) {
      for (const [random, until] of used) {
        if (until >= now) continue;
        used.delete(random);
        this.#seenCount--;
      }
      if (used.size === 0) this.#seen.delete(certificate);
    }
  }
}

/** Whether one of the authorities of the bundle (PEM) signed it. */
export function issuedByOneOf(certificate: X509Certificate, authorities: string): boolean {
  return authoritiesOf(authorities).some(
    (authority) => authority.ca && certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
  );
}

function authoritiesOf(bundle: string): X509Certificate[] {
  const found = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return found.map((text) => new X509Certificate(text));
}
