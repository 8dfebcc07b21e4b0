import { text, type Verb } from "../invocation.js";
import { scimFields } from "../scim-fields.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const groupPrefix = text(invocation, "groupPrefix");
  const body = { name: args[0]!, ...(groupPrefix === undefined ? {} : { groupPrefix }), ...scimFields(invocation) };
  const made = await (await context.api()).post<object>("/directories", { body, signal: context.signal });
  context.out.result(made, () => `Added ${body.name}. Next: hoop scim token ${body.name}`);
};
