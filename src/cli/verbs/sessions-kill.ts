import { text, type Verb } from "../invocation.js";
import { sessionIdFrom } from "../session-id.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const api = await context.api();
  const id = await sessionIdFrom(api, "/sessions/live", args[0]!, context.signal);
  const reason = text(invocation, "reason");
  await api.post(`/sessions/${id}/kill`, { body: reason === undefined ? {} : { reason }, signal: context.signal });
  context.out.result({ killed: id }, () => `Session ${id} ends now.`);
};
