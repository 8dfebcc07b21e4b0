import { plainAlgorithm } from "./host-certificate.js";

/** What is used of the library's key exchange, between the target's key and its signature. */
export interface LibraryExchange {
  readonly negotiated: { serverHostKey: string };
  _hostKey: Buffer | undefined;
}

/**
 * Lets the library's key exchange go on with a key that came in a certificate. It hashes what was sent, the certificate, and then verifies
 * the signature with a key that it reads from the same place: so the first look is given the certificate, and the later ones the key.
 * Should another version look in another order, the hash or the signature is wrong and the exchange fails.
 */
export function continueWithKey(exchange: LibraryExchange, key: Buffer): void {
  const certificate = exchange._hostKey;
  let looked = false;
  Object.defineProperty(exchange, "_hostKey", {
    configurable: true,
    get: () => {
      if (looked) return key;
      looked = true;
      return certificate;
    },
    set: (value: Buffer | undefined) => {
      Object.defineProperty(exchange, "_hostKey", { configurable: true, writable: true, value });
    },
  });
  exchange.negotiated.serverHostKey = plainAlgorithm(exchange.negotiated.serverHostKey);
}
