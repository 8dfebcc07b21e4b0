import { createHash, randomUUID } from "node:crypto";
import { HoopError } from "../../vocabulary/index.js";
import type { StandingCheck } from "../roles/index.js";
import type { LdapProvider } from "./ldap.js";
import type { OidcProvider } from "./oidc.js";
import type { SamlProvider } from "./saml.js";
import { checkedSettings, needsSecret, type ProviderSettings, providerNameSchema, realmOf } from "./settings.js";
import type { EndedSessions, ProviderSecrets, ProviderStore } from "./store.js";

/** A provider as admins see it: whether it has a secret, never which. */
export interface Provider {
  readonly id: string;
  readonly name: string;
  readonly settings: ProviderSettings;
  readonly hasSecret: boolean;
  /** `configuration`: given with the gateway's settings, and changed only there. */
  readonly source: "configuration" | "store";
}

/** One that the gateway's configuration brings. */
export interface FixedProvider {
  readonly name: string;
  readonly settings: unknown;
  readonly secret: string | null;
}

/** A provider with what speaks its language. */
export type LiveProvider = Provider &
  (
    | { readonly kind: "oidc"; readonly oidc: OidcProvider }
    | { readonly kind: "saml"; readonly saml: SamlProvider }
    | { readonly kind: "ldap"; readonly ldap: LdapProvider }
  );

export interface Providers {
  /** By name. */
  list(): Promise<readonly Provider[]>;
  /** Throws HoopError `not-found`. */
  get(name: string): Promise<Provider>;
  /** `secret` undefined: it stays as it is. Throws HoopError `invalid`, `conflict`: it would be another provider, or is of the configuration. */
  put(
    name: string,
    settings: unknown,
    secret: string | undefined,
    check?: StandingCheck,
  ): Promise<{ readonly before: Provider | null; readonly after: Provider; readonly ended: EndedSessions | null }>;
  /** Everybody who came from there has to come anew, as somebody else. */
  remove(name: string): Promise<{ readonly removed: Provider; readonly ended: EndedSessions }>;
  /** What the provider answers now, in words. Throws HoopError. */
  probe(name: string): Promise<readonly string[]>;
  /** Ready to be spoken with. Throws HoopError `not-found`; `wanted` enabled: also when it is switched off. */
  live(name: string): Promise<LiveProvider>;
  liveById(id: string): Promise<LiveProvider | null>;
}

const mostSecret = 4_096;

export function createProviders(options: {
  readonly store: ProviderStore;
  readonly secrets: ProviderSecrets;
  readonly fixed: readonly FixedProvider[];
}): Providers {
  const { store, secrets } = options;
  const fixed = options.fixed.map(fixedFrom);
  const speakers = new Map<string, { readonly stamp: string; readonly live: LiveProvider }>();
  const twice = fixed.find(({ provider }, at) => fixed.findIndex((one) => one.provider.name === provider.name) !== at);
  if (twice !== undefined) throw new HoopError("invalid", `two sign-in providers are named ${twice.provider.name}`);

  async function all(): Promise<readonly (Provider & { readonly version: number })[]> {
    const stored = await store.providers();
    const own = await Promise.all(
      stored
        .filter(({ name }) => !fixed.some(({ provider }) => provider.name === name))
        .map(async ({ id, name, settings, version }) => {
          const checked = checkedSettings(settings);
          const hasSecret = needsSecret(checked) && (await secrets.get("secret", id)) !== null;
          return { id, name, version, settings: checked, hasSecret, source: "store" as const };
        }),
    );
    return [...own, ...fixed.map(({ provider }) => ({ ...provider, version: 0 }))].sort((one, other) =>
      one.name < other.name ? -1 : 1,
    );
  }

  async function found(name: string): Promise<Provider & { readonly version: number }> {
    const provider = (await all()).find((one) => one.name === name);
    if (provider === undefined)
      throw new HoopError("not-found", `there is no sign-in provider ${JSON.stringify(name.slice(0, 64))}`, {
        hint: "hoop providers ls",
      });
    return provider;
  }

  async function speakerOf(provider: Provider & { readonly version: number }): Promise<LiveProvider> {
    const speak = await speaking(provider);
    const stamp = `${provider.version} ${JSON.stringify(provider.settings)}`;
    const known = speakers.get(provider.id);
    if (known?.stamp === stamp) return known.live;
    const secret =
      fixed.find((one) => one.provider.id === provider.id)?.secret ??
      (needsSecret(provider.settings) ? await secrets.get("secret", provider.id) : null);
    const live = speak(provider, secret);
    speakers.set(provider.id, { stamp, live });
    return live;
  }

  const mayChange = (name: string): void => {
    if (fixed.some(({ provider }) => provider.name === name))
      throw new HoopError("conflict", `${name} is part of the gateway's configuration, and is changed there`);
  };

  return {
    list: async () => (await all()).map(withoutVersion),
    get: async (name) => withoutVersion(await found(name)),

    async put(text, input, secret, check) {
      const name = nameOf(text);
      mayChange(name);
      const settings = checkedSettings(input);
      const before = (await all()).find((one) => one.name === name) ?? null;
      if (before !== null && realmOf(before.settings) !== realmOf(settings))
        throw new HoopError("conflict", `with that, the people of ${name} would be other people`, {
          hint: "add it under another name, and remove this one",
        });
      if (secret !== undefined && (secret === "" || secret.length > mostSecret || !needsSecret(settings)))
        throw new HoopError("invalid", "the secret is empty, too long, or not needed here");
      if (needsSecret(settings) && secret === undefined && !before?.hasSecret)
        throw new HoopError("invalid", "this provider needs a secret", {
          hint: settings.kind === "ldap" ? "the password of bindDn" : "the client's secret at the provider",
        });
      const id = before?.id ?? randomUUID();
      // Sealed first: a provider that is there without its secret would refuse everybody.
      if (secret !== undefined) await secrets.put("secret", id, secret);
      const { after } = await store.putProvider({ id, name, settings }, check);
      const kept: Provider = { id, name, settings, hasSecret: needsSecret(settings), source: "store" };
      speakers.delete(id);
      const ended = settings.enabled
        ? null
        : await store.endSessions({ provider: after.id }, `${settings.title} was switched off`);
      return { before: before === null ? null : withoutVersion(before), after: kept, ended };
    },

    async remove(name) {
      mayChange(name);
      const removed = await found(name);
      await store.removeProvider(name);
      const ended = await store.endSessions({ provider: removed.id }, `${removed.settings.title} was removed`);
      await secrets.delete("secret", removed.id);
      speakers.delete(removed.id);
      return { removed: withoutVersion(removed), ended };
    },

    async probe(name) {
      const live = await speakerOf(await found(name));
      if (live.kind === "oidc") return live.oidc.probe();
      if (live.kind === "ldap") return live.ldap.probe();
      return ["SAML providers cannot be asked: sign in once to try it"];
    },

    live: async (name) => {
      const provider = await found(name);
      if (!provider.settings.enabled)
        throw new HoopError("denied", `${provider.settings.title} is switched off`, { hint: "ask an admin" });
      return speakerOf(provider);
    },
    async liveById(id) {
      const provider = (await all()).find((one) => one.id === id);
      return provider === undefined || !provider.settings.enabled ? null : speakerOf(provider);
    },
  };
}

function nameOf(text: string): string {
  const parsed = providerNameSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new HoopError("invalid", `the provider's name ${parsed.error.issues[0]?.message ?? "is wrong"}`);
}

function withoutVersion({ id, name, settings, hasSecret, source }: Provider): Provider {
  return { id, name, settings, hasSecret, source };
}

/** The same id on every replica and after each start: of what its people belong to. */
function fixedFrom({ name, settings: input, secret }: FixedProvider): {
  readonly provider: Provider;
  readonly secret: string | null;
} {
  const settings = checkedSettings(input);
  if (needsSecret(settings) && secret === null)
    throw new HoopError("invalid", `the sign-in provider ${name} of the configuration needs a secret`);
  const id = `fixed-${createHash("sha256")
    .update(`${name}\0${realmOf(settings)}`)
    .digest("hex")
    .slice(0, 32)}`;
  return {
    provider: { id, name: nameOf(name), settings, hasSecret: secret !== null, source: "configuration" },
    secret,
  };
}

/** How to speak with one. Each kind brings a library of its own, which is loaded with the first provider of that kind. */
async function speaking({ settings }: Provider): Promise<(provider: Provider, secret: string | null) => LiveProvider> {
  if (settings.kind === "oidc") {
    const { createOidc } = await import("./oidc.js");
    return (provider, secret) => ({ ...provider, kind: "oidc", oidc: createOidc(settings, secret) });
  }
  if (settings.kind === "saml") {
    const { createSaml } = await import("./saml.js");
    return (provider) => ({ ...provider, kind: "saml", saml: createSaml(settings) });
  }
  const { createLdap } = await import("./ldap.js");
  return (provider, secret) => ({ ...provider, kind: "ldap", ldap: createLdap(settings, secret) });
}
