import { HoopError } from "../../vocabulary/index.js";
import { text, type Verb } from "../invocation.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const [user, group] = [text(invocation, "user"), text(invocation, "group")];
  if ((user === undefined) === (group === undefined)) throw new HoopError("invalid", "say --user or --group");
  const path = `/directories/${encodeURIComponent(args[0]!)}/given`;
  await (await context.api()).post(path, { body: { user, group }, signal: context.signal });
  context.out.result({ given: user ?? group }, () => `${user ?? group} belongs to ${args[0]} now.`);
};
