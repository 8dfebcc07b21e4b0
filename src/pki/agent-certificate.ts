import { createPublicKey, X509Certificate } from "node:crypto";
import { type AgentId, agentId, HoopError } from "../vocabulary/index.js";
import { type Issuer, issueCertificate, pem } from "./issue.js";
import { x509 } from "./x509.js";

const maxRequestBytes = 8 * 1024;
const minuteMs = 60_000;
const maxLifeMs = 90 * 24 * 60 * minuteMs;

export interface AgentCertificate {
  /** PEM, leaf first, then the authority. */
  readonly chain: string;
  readonly expires: Date;
  /** SHA-256 of the certificate, hex in lower case without colons. */
  readonly fingerprint: string;
}

/** Who an agent's certificate says it is. Says nothing of who signed it: the TLS layer has checked that. */
export interface AgentIdentity {
  readonly id: AgentId;
  readonly serial: string;
  /** SHA-256 of the certificate, hex in lower case without colons. */
  readonly fingerprint: string;
  readonly expires: Date;
}

/**
 * Signs what an agent asks for. Of the request only its public key is taken: the names are ours. Throws HoopError
 * `malformed` for what is no PKCS #10 request or was not signed by the key in it, `unsupported` for a weak kind of key.
 */
export async function issueAgentCertificate(
  issuer: Issuer,
  requestDer: Uint8Array,
  options: { readonly agentId: AgentId; readonly name: string; readonly ttlMs: number; readonly now: number },
): Promise<AgentCertificate> {
  if (requestDer.length > maxRequestBytes)
    throw new HoopError("too-large", `a signing request has at most ${maxRequestBytes} bytes`);
  const request = await verifiedRequest(requestDer);
  const certificate = await issueCertificate(issuer, {
    commonName: options.name,
    names: [{ type: "url", value: `hoop://agent/${options.agentId}` }],
    publicKey: request.publicKey,
    usage: "clientAuth",
    now: options.now,
    lifeMs: Math.min(Math.max(options.ttlMs, minuteMs), maxLifeMs),
  });
  const leaf = pem(certificate);
  return {
    chain: leaf + issuer.certificate,
    expires: certificate.notAfter,
    fingerprint: fingerprintOf(new X509Certificate(leaf)),
  };
}

async function verifiedRequest(der: Uint8Array): Promise<InstanceType<typeof x509.Pkcs10CertificateRequest>> {
  let request: InstanceType<typeof x509.Pkcs10CertificateRequest>;
  let kind: string;
  let genuine: boolean;
  try {
    // A copy: the parser takes the whole ArrayBuffer below a view.
    request = new x509.Pkcs10CertificateRequest(Uint8Array.from(der));
    const key = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: "der", type: "spki" });
    kind =
      key.asymmetricKeyType === "ec" ? String(key.asymmetricKeyDetails?.namedCurve) : String(key.asymmetricKeyType);
    genuine = accepted.has(kind) && (await request.verify());
  } catch (cause) {
    throw new HoopError("malformed", "the signing request cannot be read", { cause });
  }
  if (!accepted.has(kind)) throw new HoopError("unsupported", "an agent's key is EC P-256, P-384 or Ed25519");
  if (!genuine) throw new HoopError("malformed", "the signing request is not signed by the key in it");
  return request;
}

const accepted: ReadonlySet<string> = new Set(["prime256v1", "secp384r1", "ed25519"]);

const agentUri = /^URI:hoop:\/\/agent\/([0-9a-f-]{36})$/;

/** Reads the agent's id from its certificate (DER). Throws HoopError `unauthenticated` when it is no agent's. */
export function agentFromCertificate(der: Uint8Array): AgentIdentity {
  try {
    const certificate = new X509Certificate(Buffer.from(der));
    // The whole text must be the one name: a second name is not ours.
    const match = agentUri.exec(certificate.subjectAltName ?? "");
    if (match !== null && certificate.keyUsage?.includes("1.3.6.1.5.5.7.3.2") === true) {
      return {
        id: agentId(match[1]!),
        serial: certificate.serialNumber.toLowerCase(),
        fingerprint: fingerprintOf(certificate),
        expires: new Date(certificate.validTo),
      };
    }
  } catch (cause) {
    throw new HoopError("unauthenticated", "the certificate cannot be read", { cause });
  }
  throw new HoopError("unauthenticated", "the certificate is not an agent's");
}

const fingerprintOf = (certificate: X509Certificate) => certificate.fingerprint256.replaceAll(":", "").toLowerCase();
