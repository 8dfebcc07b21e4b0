import { createHash, X509Certificate } from "node:crypto";
import { connect, type DetailedPeerCertificate, type TLSSocket } from "node:tls";
import { deadline } from "../../vocabulary/deadline.js";
import { TransportError } from "../error.js";

const prefix = "hoop-join-";
const secretBytes = 24;
const pinBytes = 32;

export interface JoinToken {
  readonly secret: Buffer;
  /** SHA-256 of the SubjectPublicKeyInfo of the authority behind the gateway's certificate. */
  readonly pin: Buffer;
}

/**
 * What an agent is given to join: `hoop-join-` and base64url of a secret (24 bytes), which proves the agent to the gateway,
 * and a pin (32 bytes), which proves the gateway to the agent. So the very first contact is authenticated both ways, and
 * whoever stands in between sees neither the secret nor a certificate that they could use: an agent sends the secret only
 * inside TLS that was verified against the pinned authority (see `fetchAuthority`).
 */
export function formatJoinToken({ secret, pin }: JoinToken): string {
  if (secret.length !== secretBytes || pin.length !== pinBytes)
    throw new RangeError("a join token has 24 and 32 bytes");
  return prefix + Buffer.concat([secret, pin]).toString("base64url");
}

/** Null: this is no join token. */
export function parseJoinToken(text: string): JoinToken | null {
  const trimmed = text.trim();
  if (!trimmed.startsWith(prefix) || !/^[A-Za-z0-9_-]{75}$/.test(trimmed.slice(prefix.length))) return null;
  const bytes = Buffer.from(trimmed.slice(prefix.length), "base64url");
  return { secret: bytes.subarray(0, secretBytes), pin: bytes.subarray(secretBytes) };
}

/** How join tokens are kept: the secret has 192 bits, so one hash is enough. */
export function hashJoinSecret(secret: Buffer): Buffer {
  return createHash("sha256").update("hoop join token\0").update(secret).digest();
}

/** The pin of an authority (PEM; of a bundle the first). */
export function pinOf(authority: string): Buffer {
  return spkiHash(new X509Certificate(authority));
}

function spkiHash(certificate: X509Certificate): Buffer {
  return createHash("sha256")
    .update(certificate.publicKey.export({ type: "spki", format: "der" }))
    .digest();
}

/**
 * Asks a gateway for its certificate chain and answers the pinned authority in it, as PEM. Nothing is sent but a
 * handshake, and nothing is trusted because of it: the caller connects again, with this authority as the only one, and
 * leaves the verification of chain and name to TLS. Throws TransportError `denied` when the pin is not in the chain.
 */
export function fetchAuthority(
  url: string,
  pin: Buffer,
  options: { readonly serverName?: string | undefined; readonly signal: AbortSignal; readonly timeoutMs?: number },
): Promise<string> {
  const { hostname, port, host: where } = new URL(url);
  const host = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  const signal = deadline(options.timeoutMs ?? 10_000, options.signal);
  return new Promise((resolve, reject) => {
    const servername = options.serverName ?? (/^[\d.]+$|:/.test(host) ? undefined : host);
    const socket = connect({
      host,
      port: Number(port || 443),
      ALPNProtocols: ["h2"],
      minVersion: "TLSv1.2",
      rejectUnauthorized: false,
      ...(servername === undefined ? {} : { servername }),
    });
    const fail = (error: TransportError) => {
      signal.removeEventListener("abort", cancelled);
      socket.destroy();
      reject(error);
    };
    const cancelled = () => fail(new TransportError("timeout", `${where} did not answer`));
    socket.on("error", (cause) => fail(new TransportError("unavailable", `${where} cannot be reached`, { cause })));
    socket.once("secureConnect", () => {
      signal.removeEventListener("abort", cancelled);
      const found = chainOf(socket).find((certificate) => spkiHash(certificate).equals(pin));
      socket.destroy();
      if (found !== undefined) resolve(found.toString());
      else reject(new TransportError("denied", `${where} is not the gateway that this join token is for`));
    });
    if (signal.aborted) cancelled();
    else signal.addEventListener("abort", cancelled, { once: true });
  });
}

/** At most a few certificates: a chain can be made to loop. */
function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let at: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (at?.raw !== undefined && chain.length < 8) {
    chain.push(new X509Certificate(at.raw));
    at = at.issuerCertificate === at ? undefined : at.issuerCertificate;
  }
  return chain;
}
