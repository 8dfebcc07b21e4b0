import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { HoopError } from "../../vocabulary/index.js";
import { text, type Verb } from "../invocation.js";
import { policyText } from "../policy-text.js";
import type { ShownProvider } from "./providers-ls.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const { signal } = context;
  const name = args[0]!;
  const file = text(invocation, "file")!;
  const api = await context.api();
  const settings = settingsFrom(await policyText(file), file);
  const metadata = text(invocation, "metadata");
  const read =
    metadata === undefined
      ? {}
      : await api.post<object>("/providers/saml-metadata", { body: { xml: await textOf(metadata) }, signal });
  const secretFile = text(invocation, "secretFile");
  const secret = secretFile === undefined ? {} : { secret: (await textOf(secretFile)).trim() };
  const provider = await api.put<ShownProvider>(`/providers/${encodeURIComponent(name)}`, {
    body: { settings: { ...settings, ...read }, ...secret },
    signal,
  });
  context.out.result(provider, () => `${name} is set. Its addresses: hoop providers show ${name}`);
};

function settingsFrom(content: string, file: string): object {
  let settings: unknown;
  try {
    settings = parse(content, { maxAliasCount: 100 });
  } catch (cause) {
    throw new HoopError("invalid", `${file} is neither YAML nor JSON`, { cause });
  }
  if (typeof settings !== "object" || settings === null || Array.isArray(settings))
    throw new HoopError("invalid", `${file} does not hold one provider's settings`);
  return settings;
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new HoopError("invalid", `${file} cannot be read`, { cause });
  }
}
