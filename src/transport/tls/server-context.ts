import { createHash } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";

const maxContexts = 1024;
const contexts = new Map<string, SecureContext>();

/** The parsed form of a key and its chain, made once: parsing costs as much as a handshake. The oldest unused go first. */
export function serverContext(key: string, chain: string): SecureContext {
  const id = createHash("sha256").update(key).update("\0").update(chain).digest("base64");
  const known = contexts.get(id);
  if (known !== undefined) {
    contexts.delete(id);
    contexts.set(id, known);
    return known;
  }
  const context = createSecureContext({ key, cert: chain, minVersion: "TLSv1.2" });
  contexts.set(id, context);
  if (contexts.size > maxContexts) contexts.delete(contexts.keys().next().value!);
  return context;
}
