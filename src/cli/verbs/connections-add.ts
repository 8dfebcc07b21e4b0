import { HoopError } from "../../vocabulary/index.js";
import { draftFrom } from "../connection-draft.js";
import { text, type Verb } from "../invocation.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const name = args[0]!;
  const draft = await draftFrom(invocation, { labels: {}, target: {}, tls: {} }, true);
  if (draft.host === undefined) throw new HoopError("invalid", "where is the target?", { hint: "give --host" });
  const body = { name, protocol: text(invocation, "protocol") ?? "postgres", ...draft };
  const created = await (await context.api()).post<{ name: string; example: string }>("/connections", {
    body,
    signal: context.signal,
  });
  const bare = draft.secret === undefined ? " No password is stored with it (--password-stdin)." : "";
  context.out.result(created, () => `Added ${created.name}.${bare} Test it: hoop connections test ${created.name}`);
};
