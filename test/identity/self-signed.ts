import { generateKeyPairSync, webcrypto } from "node:crypto";
import { x509 } from "../../src/pki/x509.js";

/** A key and its certificate, PEM both. */
export async function selfSigned(name: string): Promise<{ readonly key: string; readonly certificate: string }> {
  const algorithm = {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 2048,
  };
  const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const privateKey = pair.privateKey.export({ format: "der", type: "pkcs8" });
  const publicKey = pair.publicKey.export({ format: "der", type: "spki" });
  const keys = {
    privateKey: await webcrypto.subtle.importKey("pkcs8", privateKey, algorithm, true, ["sign"]),
    publicKey: await webcrypto.subtle.importKey("spki", publicKey, algorithm, true, ["verify"]),
  };
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: `CN=${name}`,
      keys: keys as never,
      signingAlgorithm: algorithm,
      notBefore: new Date(Date.now() - 3_600_000),
      notAfter: new Date(Date.now() + 86_400_000),
      extensions: [
        new x509.BasicConstraintsExtension(true),
        new x509.SubjectAlternativeNameExtension([
          { type: "dns", value: name },
          { type: "ip", value: "127.0.0.1" },
        ]),
      ],
    },
    webcrypto as never,
  );
  return {
    key: pair.privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    certificate: certificate.toString("pem"),
  };
}
