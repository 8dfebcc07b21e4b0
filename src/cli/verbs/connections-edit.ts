import { HoopError } from "../../vocabulary/index.js";
import { type DraftBase, draftFrom } from "../connection-draft.js";
import { text, type Verb } from "../invocation.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const path = `/connections/${encodeURIComponent(args[0]!)}`;
  const api = await context.api();
  const before = await api.get<DraftBase & { readonly version?: number }>(path, { signal: context.signal });
  if (before.version === undefined)
    throw new HoopError("denied", "only admins may change connections", { hint: "ask an admin" });
  const protocol = text(invocation, "protocol");
  const body = { ...(await draftFrom(invocation, before, false)), ...(protocol === undefined ? {} : { protocol }) };
  if (Object.keys(body).length === 0)
    throw new HoopError("invalid", "nothing to change was given", { hint: "hoop connections edit --help" });
  // Another admin's change between reading and writing must not be lost: labels and target are written whole.
  const after = await api.patch<{ name: string }>(path, {
    body,
    ifMatch: `"${before.version}"`,
    signal: context.signal,
  });
  context.out.result(after, () => `Changed ${after.name}.`);
};
