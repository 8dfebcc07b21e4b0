import type { Verb } from "../invocation.js";
import { table } from "../table.js";

export interface ShownProvider {
  readonly name: string;
  readonly settings: { readonly kind: string; readonly title: string; readonly enabled: boolean };
  readonly hasSecret: boolean;
  readonly source: "configuration" | "store";
  readonly redirectUri: string | null;
  readonly logoutUri: string | null;
  readonly metadataUri: string | null;
}

export const run: Verb = async ({ context }) => {
  const { items } = await (await context.api()).get<{ items: ShownProvider[] }>("/providers", {
    signal: context.signal,
  });
  context.out.result(items, () =>
    table(items, [
      { title: "provider", value: ({ name }) => name },
      { title: "kind", value: ({ settings }) => settings.kind },
      { title: "title", value: ({ settings }) => settings.title },
      { title: "from", value: ({ source }) => source },
      { title: "", value: ({ settings }) => (settings.enabled ? "" : "off") },
    ]),
  );
};
