import { createHash } from "node:crypto";

const md5 = (...parts: (string | Buffer)[]): string => {
  const hash = createHash("md5");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

/** The answer to AuthenticationMD5Password. */
export function md5Password(user: string, secret: string, salt: Buffer): string {
  return `md5${md5(md5(secret, user), salt)}`;
}
