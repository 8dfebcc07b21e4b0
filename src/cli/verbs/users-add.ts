import { randomBytes } from "node:crypto";
import { flag, text, texts, type Verb } from "../invocation.js";
import { readSecret } from "../read-secret.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const name = args[0]!;
  const given = flag(invocation, "passwordStdin");
  const password = given ? await readSecret(context, `Password of ${name}`) : randomBytes(15).toString("base64url");
  const email = text(invocation, "email");
  const body = { name, groups: texts(invocation, "group"), password, ...(email === undefined ? {} : { email }) };
  const user = await (await context.api()).post<object>("/users", { body, signal: context.signal });
  context.out.result(given ? user : { ...user, password }, () =>
    given ? `Added ${name}.` : `Added ${name}. First password, shown once: ${password}`,
  );
};
