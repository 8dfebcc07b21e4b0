import { text, type Verb } from "../invocation.js";
import { exitOf, follow, parametersFrom, type RunbookDetail, type RunView, runText } from "../runbooks/runbook.js";

export const run: Verb = async (invocation) => {
  const { context, args, options } = invocation;
  const api = await context.api();
  const path = `/runbooks/${encodeURIComponent(args[0]!)}`;
  const runbook = await api.get<RunbookDetail>(path, { signal: context.signal });
  const key = text(invocation, "key");
  const body = { parameters: await parametersFrom(invocation, runbook), ...(key === undefined ? {} : { key }) };
  const started = await api.post<RunView>(`${path}/runs`, { body, signal: context.signal });
  if (options.wait === false) {
    context.out.result(started, () => started.id);
    return;
  }
  context.out.say(`run ${started.id}`);
  const ended = await follow(invocation, api, started.id);
  context.out.result(ended, () => runText(ended));
  return exitOf(ended);
};
