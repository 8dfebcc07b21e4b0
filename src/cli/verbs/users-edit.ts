import { HoopError } from "../../vocabulary/index.js";
import { flag, text, texts, type Verb } from "../invocation.js";
import { readSecret } from "../read-secret.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const name = args[0]!;
  const [email, groups] = [text(invocation, "email"), texts(invocation, "group")];
  const body = {
    ...(email === undefined ? {} : { email: email === "" ? null : email }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(flag(invocation, "passwordStdin") ? { password: await readSecret(context, `New password of ${name}`) } : {}),
  };
  if (Object.keys(body).length === 0)
    throw new HoopError("invalid", "nothing to change was given", { hint: "hoop users edit --help" });
  const user = await (await context.api()).patch<object>(`/users/${encodeURIComponent(name)}`, {
    body,
    signal: context.signal,
  });
  context.out.result(user, () => `Changed ${name}.`);
};
