import { HoopError } from "../../vocabulary/index.js";
import { flag, type Verb } from "../invocation.js";
import { scimFields } from "../scim-fields.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const [enable, disable] = [flag(invocation, "enable"), flag(invocation, "disable")];
  if (enable && disable) throw new HoopError("invalid", "--enable or --disable, not both");
  const body = { ...scimFields(invocation), ...(enable || disable ? { enabled: enable } : {}) };
  if (Object.keys(body).length === 0)
    throw new HoopError("invalid", "nothing to change was given", { hint: "hoop scim edit --help" });
  const changed = await (await context.api()).patch<object>(`/directories/${encodeURIComponent(args[0]!)}`, {
    body,
    signal: context.signal,
  });
  context.out.result(changed, () => `Changed ${args[0]}.`);
};
