import { HoopError } from "../../vocabulary/index.js";
import type { Verb } from "../invocation.js";
import { policyText } from "../policy-text.js";
import type { RunbookDetail } from "../runbooks/runbook.js";

export const run: Verb = async ({ context, args }) => {
  const written = await policyText(args[0]!);
  // Only where it goes; the gateway reads the whole of it.
  const name = /^\s*(?:metadata:\s*\{[^}\n]*\bname:\s*|name:\s*)["']?([a-z0-9-]+)/m.exec(
    written.slice(written.indexOf("metadata:")),
  )?.[1];
  if (name === undefined) throw new HoopError("invalid", "the front matter has no metadata.name");
  const api = await context.api();
  const found = await api.put<RunbookDetail>(`/runbooks/${name}`, { body: { text: written }, signal: context.signal });
  context.out.result(found, () => `${found.name} is at version ${found.version}.`);
};
