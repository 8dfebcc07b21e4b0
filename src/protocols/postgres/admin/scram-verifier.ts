import { createHash, createHmac, randomBytes } from "node:crypto";
import { stretch } from "../../../protocol/driver/stretch.js";
import { saslprep } from "../login/saslprep.js";

const iterations = 4_096;

/**
 * What PostgreSQL stores of a password (`SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`, RFC 5803). Given instead of the
 * password, the server takes it as it is, so that neither its log nor who carries the bytes sees the password.
 */
export async function scramVerifier(secret: string, salt = randomBytes(16)): Promise<string> {
  // The session that logs in with it needs the very same key a moment later, and finds it kept.
  const salted = await new Promise<Buffer>((resolve, reject) => {
    stretch(saslprep(secret), salt, iterations, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
  const hmac = (text: string): Buffer => createHmac("sha256", salted).update(text).digest();
  const stored = createHash("sha256").update(hmac("Client Key")).digest("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${stored}:${hmac("Server Key").toString("base64")}`;
}
