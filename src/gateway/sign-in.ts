import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import {
  adminRuleFrom,
  type FixedProvider,
  type ProviderSecrets,
  type RefreshNote,
  type SignInProviderOptions,
} from "../identity/index.js";
import type { Recorder } from "../recording/index.js";
import type { OpenSessions } from "../relay/open-sessions.js";
import type { SecretVault } from "../secrets/index.js";
import { createProviderStore } from "../storage/identity/providers.js";
import type { Store } from "../storage/store.js";
import { HoopError } from "../vocabulary/index.js";
import type { GatewayConfig } from "./config.js";

/** What signing in by providers needs, and what the assembly brings later. */
export interface SignInParts {
  readonly options: SignInProviderOptions;
  /** Once sessions are open and entries are taken: whom to ask providers about, and where to write down what they say. */
  attach(parts: { readonly open: Pick<OpenSessions, "all">; readonly recorder: Pick<Recorder, "append"> }): void;
}

/** Throws HoopError `invalid`: the configuration's providers are wrong. */
export function signInParts(
  config: GatewayConfig,
  { store, vault }: { store: Store; vault: Pick<SecretVault, "put" | "get" | "delete" | "list"> },
): SignInParts {
  let attached: Parameters<SignInParts["attach"]>[0] | null = null;
  const fixed = fixedProviders(config);
  const breakGlass = config.HOOP_BREAK_GLASS_USERS;
  if (config.HOOP_LOCAL_SIGN_IN === "off" && breakGlass.length === 0)
    throw new HoopError("invalid", "HOOP_LOCAL_SIGN_IN=off would leave no way in while the provider is away", {
      hint: "name somebody in HOOP_BREAK_GLASS_USERS",
    });
  return {
    options: {
      store: createProviderStore(store),
      secrets: providerSecrets(vault),
      fixed,
      adminRule: config.HOOP_ADMIN_RULE === undefined ? null : adminRuleFrom(config.HOOP_ADMIN_RULE),
      localSignIn: config.HOOP_LOCAL_SIGN_IN,
      breakGlass,
      intervalMs: config.HOOP_PROVIDER_REFRESH_SECONDS * 1_000,
      *openLogins() {
        for (const session of attached?.open.all() ?? []) yield session.asker.login;
      },
      note: (note) => attached?.recorder.append(entryFrom(note)),
    },
    attach(parts) {
      attached = parts;
    },
  };
}

const fileSchema = z
  .array(
    z.looseObject({
      name: z.string(),
      secret: z.string().min(1).optional(),
      secretFile: z.string().min(1).optional(),
    }),
  )
  .max(50);

function fixedProviders({ HOOP_PROVIDERS: inline, HOOP_PROVIDERS_FILE: file }: GatewayConfig): FixedProvider[] {
  if (inline !== undefined && file !== undefined)
    throw new HoopError("invalid", "HOOP_PROVIDERS and HOOP_PROVIDERS_FILE say the same thing twice; set one");
  const text = inline ?? (file === undefined ? undefined : read(file));
  if (text === undefined) return [];
  const parsed = fileSchema.safeParse(documentFrom(text));
  if (!parsed.success)
    throw new HoopError("invalid", "the sign-in providers of the configuration are not a list of providers with names");
  return parsed.data.map(({ name, secret, secretFile, ...settings }) => ({
    name,
    settings,
    secret: secretFile === undefined ? (secret ?? null) : read(secretFile).trim(),
  }));
}

function documentFrom(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 100 });
  } catch (cause) {
    // Not the parser's words: they quote the text, and secrets may be in it.
    throw new HoopError("invalid", "the sign-in providers of the configuration are neither YAML nor JSON", { cause });
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new HoopError("invalid", `${path}, which a sign-in provider needs, cannot be read`, { cause });
  }
}

/** Where providers' secrets, and what they are asked again with, are sealed. */
export function providerSecrets(vault: Pick<SecretVault, "put" | "get" | "delete" | "list">): ProviderSecrets {
  const kindOf = (kind: "secret" | "refresh") => (kind === "secret" ? "provider-secret" : "provider-refresh");
  return {
    put: (kind, id, secret) => vault.put({ kind: kindOf(kind), id }, secret),
    get: async (kind, id) => (await vault.get({ kind: kindOf(kind), id }))?.reveal() ?? null,
    delete: async (kind, id) => void (await vault.delete({ kind: kindOf(kind), id })),
    list: async (kind) => (await vault.list(kindOf(kind))).map(({ id }) => id),
  };
}

function entryFrom(note: RefreshNote): Parameters<Recorder["append"]>[0] {
  if (note.kind === "ended") {
    const { subject, provider, because } = note;
    return {
      kind: "change",
      actor: { subject: subject.id, name: subject.name, system: true },
      what: "login.ended",
      target: subject.name,
      before: null,
      after: { because, provider },
    };
  }
  const { subject, before } = note.admitted;
  return {
    kind: "change",
    actor: { subject: subject.id, name: subject.name, system: true },
    what: "user.changed",
    target: subject.name,
    before: before === null ? null : { email: before.email, groups: before.groups },
    after: { email: subject.email, groups: subject.groups, provider: note.provider },
  };
}
