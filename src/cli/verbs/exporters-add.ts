import { readFile } from "node:fs/promises";
import { HoopError } from "../../vocabulary/index.js";
import { addressOf, type ExporterView, targetFrom } from "../exporter.js";
import { flag, text, texts, type Verb } from "../invocation.js";
import { readSecret } from "../read-secret.js";

export const run: Verb = async (invocation) => {
  const { context, args, options } = invocation;
  const target = targetFrom(text(invocation, "to")!);
  const ca = text(invocation, "ca");
  if (ca !== undefined) target.ca = await readFile(ca, "utf8");
  const headers = texts(invocation, "header").map((pair): [string, string] => {
    const at = pair.indexOf("=");
    if (at < 1) throw new HoopError("invalid", "--header is NAME=VALUE");
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  if (headers.length > 0) target.headers = Object.fromEntries(headers);
  if (options.gzip === false) target.gzip = false;
  const sources = texts(invocation, "source");
  const body = {
    target,
    ...(sources.length === 0 ? {} : { sources }),
    enabled: !flag(invocation, "disabled"),
    from: flag(invocation, "fromBeginning") ? "beginning" : "now",
    ...(flag(invocation, "secretStdin") ? { secret: await readSecret(context, "the secret") } : {}),
  };
  const api = await context.api();
  const name = args[0]!;
  const made = await api.put<ExporterView>(`/exporters/${encodeURIComponent(name)}`, { body, signal: context.signal });
  context.out.result(made, () => `${made.name} sends to ${addressOf(made)}. Test it: hoop exporters test ${made.name}`);
};
