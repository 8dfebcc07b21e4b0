import { randomBytes } from "node:crypto";
import { flag, type Verb } from "../invocation.js";
import { readSecret } from "../read-secret.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const name = args[0]!;
  const made = flag(invocation, "generate") ? `whsec_${randomBytes(32).toString("base64")}` : null;
  const secret = made ?? (await readSecret(context, `the secret of ${name}`));
  await (await context.api()).put(`/reactions/${encodeURIComponent(name)}/secret`, {
    body: { secret },
    signal: context.signal,
  });
  context.out.result(made === null ? { receiver: name } : { receiver: name, secret: made }, () =>
    made === null
      ? `${name} has its secret.`
      : `${made}\n\nThe receiver checks signatures with it. It is not shown again.`,
  );
};
