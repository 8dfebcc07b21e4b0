import { createHash, X509Certificate } from "node:crypto";
import { connect, type DetailedPeerCertificate } from "node:tls";
import { HoopError } from "../../vocabulary/index.js";
import { callError, untrustedCodes } from "../http-call.js";

/** What a gateway shows of itself before it is trusted. */
export type GatewayTrust =
  /** The system's authorities vouch for it, or it is plain http. */
  | { readonly kind: "public" }
  /** Its own authority, to be accepted once by its fingerprint. */
  | { readonly kind: "own-authority"; readonly ca: string; readonly fingerprint: string };

const timeoutMs = 10_000;

/** Looks at the certificate of a gateway. Nothing is sent over a connection that is not trusted. */
export async function lookAtGateway(url: URL): Promise<GatewayTrust> {
  if (url.protocol !== "https:") return { kind: "public" };
  const chain = await peerChain(url);
  if (chain === null) return { kind: "public" };
  const root = chain.at(-1)!;
  if (!root.ca || !root.checkIssued(root)) {
    throw new HoopError(
      "precondition-failed",
      `${url.host} shows a certificate of an authority that it does not show itself`,
      {
        hint: "give the authority's certificate with --ca FILE (`hoop ca` prints it on the gateway)",
      },
    );
  }
  return { kind: "own-authority", ca: root.toString(), fingerprint: fingerprintOf(root) };
}

/** `sha256:…` over the certificate's DER, as `hoop ca` prints it. */
export function fingerprintOf(certificate: X509Certificate): string {
  return `sha256:${createHash("sha256").update(certificate.raw).digest("hex")}`;
}

/** The chain as shown; null where it is trusted already. */
function peerChain(url: URL): Promise<X509Certificate[] | null> {
  return new Promise((resolve, reject) => {
    const port = Number(url.port || 443);
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const socket = connect({
      host,
      port,
      rejectUnauthorized: false,
      timeout: timeoutMs,
      ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
    });
    const fail = (error: Error) => {
      socket.destroy();
      reject(callError(error, url));
    };
    socket.on("timeout", () => fail(new HoopError("timeout", `${url.host} did not answer`)));
    socket.on("error", fail);
    socket.on("secureConnect", () => {
      const code =
        (socket.authorizationError as NodeJS.ErrnoException | undefined)?.code ??
        String(socket.authorizationError ?? "");
      const chain = chainFrom(socket.getPeerCertificate(true));
      socket.destroy();
      if (socket.authorized) return resolve(null);
      if (untrustedCodes.has(code)) return resolve(chain);
      reject(
        new HoopError("precondition-failed", `the certificate of ${url.host} is not right: ${code}`, {
          hint: "is this the name that the gateway was set up with, and is the clock right?",
        }),
      );
    });
  });
}

function chainFrom(leaf: DetailedPeerCertificate): X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (let at: DetailedPeerCertificate | undefined = leaf; at?.raw && chain.length < 10; at = at.issuerCertificate) {
    const certificate = new X509Certificate(at.raw);
    if (chain.at(-1)?.fingerprint256 === certificate.fingerprint256) break;
    chain.push(certificate);
  }
  return chain;
}
