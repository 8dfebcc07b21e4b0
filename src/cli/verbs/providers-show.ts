import { stringify } from "yaml";
import type { Verb } from "../invocation.js";
import { facts } from "../table.js";
import type { ShownProvider } from "./providers-ls.js";

export const run: Verb = async ({ context, args }) => {
  const api = await context.api();
  const provider = await api.get<ShownProvider>(`/providers/${encodeURIComponent(args[0]!)}`, {
    signal: context.signal,
  });
  const { url } = await context.way();
  // A gateway that was not told its own address answers with paths.
  const whole = (uri: string | null) => (uri === null ? undefined : new URL(uri, url).href);
  context.out.result(
    provider,
    () =>
      `${facts([
        ["provider", provider.name],
        ["redirect to", whole(provider.redirectUri)],
        ["logout to", whole(provider.logoutUri)],
        ["metadata at", whole(provider.metadataUri)],
        ["secret", provider.hasSecret ? "sealed" : "none"],
        ["from", provider.source],
      ])}\n\n${stringify(provider.settings)}`,
  );
};
