import { HoopError } from "../../vocabulary/index.js";
import { text, type Verb } from "../invocation.js";
import { labelScope } from "../label-scope.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const [group, user] = [text(invocation, "group"), text(invocation, "user")];
  if ((group === undefined) === (user === undefined)) throw new HoopError("invalid", "say --group or --user");
  const body = { role: args[0]!, group, user, scope: labelScope(text(invocation, "on")) };
  const made = await (await context.api()).post<{ scopeText: string }>("/role-bindings", {
    body,
    signal: context.signal,
  });
  context.out.result(made, () => `${user ?? `Who is in ${group}`} has ${body.role} ${on(made.scopeText)}.`);
};

const on = (scope: string): string => (scope === "everywhere" ? scope : `on ${scope}`);
