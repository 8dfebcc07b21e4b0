import { X509Certificate } from "node:crypto";
import { fingerprintOf } from "../../client/profile/trust.js";
import { flag, type Verb } from "../invocation.js";

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const pem = await (await context.api()).text("/ca", { signal: context.signal });
  const fingerprint = fingerprintOf(new X509Certificate(pem));
  context.out.result({ pem, fingerprint }, () => (flag(invocation, "fingerprint") ? fingerprint : pem.trimEnd()));
};
