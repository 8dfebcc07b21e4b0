import type { Verb } from "../invocation.js";

export const run: Verb = async ({ context, args }) => {
  const [account, key] = [args[0]!, args[1]!];
  const path = `/service-accounts/${encodeURIComponent(account)}/keys/${encodeURIComponent(key)}`;
  await (await context.api()).delete(path, { signal: context.signal });
  context.out.result({ revoked: key, account }, () => `Revoked ${key} of ${account}: what it opened ends now.`);
};
