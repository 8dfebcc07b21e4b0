import type { SubjectId } from "../../vocabulary/index.js";
import type { PasswordGate } from "../password-gate.js";
import type { StandingCheck } from "../roles/index.js";
import type { StoredSubject } from "../store.js";
import type { AdminRule } from "./admin-rule.js";
import { createArrivals } from "./arrivals.js";
import { createProviders, type FixedProvider, type Providers } from "./provider-list.js";
import { createProviderSignIns, type ProviderSignIns } from "./provider-sign-ins.js";
import { createRefresher, type Refresher, type RefreshNote } from "./refresher.js";
import type { EndedSessions, ProviderLink, ProviderSecrets, ProviderStore } from "./store.js";

/** What the assembly gives. */
export interface SignInProviderOptions {
  readonly store: ProviderStore;
  readonly secrets: ProviderSecrets;
  /** Those of the gateway's configuration. */
  readonly fixed?: readonly FixedProvider[] | undefined;
  readonly adminRule?: AdminRule | null | undefined;
  /** `off`: nobody but `breakGlass` comes in by a password or passkey of Hoop's own. */
  readonly localSignIn?: "on" | "off" | undefined;
  /** Names of those who always may. */
  readonly breakGlass?: readonly string[] | undefined;
  /** Logins with something open on this replica. */
  readonly openLogins?: (() => Iterable<string>) | undefined;
  readonly note?: ((note: RefreshNote) => void) | undefined;
  /** Between two questions to a provider about somebody with something open; milliseconds. */
  readonly intervalMs?: number | undefined;
}

/** Links of people here to people at providers: an admin's act, never an address's. */
export interface ProviderLinks {
  of(subject: SubjectId): Promise<readonly (ProviderLink & { readonly providerName: string | null })[]>;
  /** Throws HoopError `not-found`, `conflict`. */
  add(provider: string, externalId: string, subject: SubjectId, check?: StandingCheck): Promise<void>;
  remove(provider: string, externalId: string): Promise<EndedSessions | null>;
}

/** Signing in by providers, and asking them again. */
export interface SignInProviders {
  readonly list: Providers;
  readonly signIns: ProviderSignIns;
  readonly links: ProviderLinks;
  readonly refresher: Refresher;
  readonly localSignIn: "on" | "off";
  readonly adminByRule: boolean;
  /** Whether somebody may come in by what Hoop itself keeps of them. Who comes from a provider comes by it: it can say no. */
  mayEnterAlone(subject: StoredSubject): Promise<boolean>;
  sweep(): Promise<void>;
  close(): void;
}

const defaultIntervalMs = 5 * 60_000;

export function createSignInProviders(
  options: SignInProviderOptions & {
    readonly gate: PasswordGate;
    readonly log: { warn(fields: object, text: string): void; error(fields: object, text: string): void };
    readonly now: () => number;
  },
): SignInProviders {
  const { store, secrets, gate, log, now } = options;
  const intervalMs = Math.min(options.intervalMs ?? defaultIntervalMs, defaultIntervalMs);
  const breakGlass = new Set((options.breakGlass ?? []).map((name) => name.toLowerCase()));
  const localSignIn = options.localSignIn ?? "on";
  const adminRule = options.adminRule ?? null;
  const list = createProviders({ store, secrets, fixed: options.fixed ?? [] });
  const arrive = createArrivals({ store, secrets, adminRule, intervalMs, log, now });
  const refresher = createRefresher({
    ...{ store, secrets, providers: list, intervalMs, log, now },
    openLogins: options.openLogins ?? (() => []),
    note: options.note ?? (() => {}),
  });

  return {
    list,
    signIns: createProviderSignIns({ store, secrets, providers: list, arrive, gate, now }),
    refresher,
    localSignIn,
    adminByRule: adminRule !== null,
    links: {
      async of(subject) {
        const names = new Map((await list.list()).map(({ id, name }) => [id, name]));
        return (await store.links({ subject })).map((link) => ({
          ...link,
          providerName: names.get(link.provider) ?? null,
        }));
      },
      add: async (provider, externalId, subject, check) =>
        store.addLink({ provider: (await list.get(provider)).id, externalId, subject }, check),
      async remove(provider, externalId) {
        const { id } = await list.get(provider);
        if (!(await store.removeLink(id, externalId))) return null;
        return store.endSessions({ provider: id, externalId }, "an admin has unlinked you from your provider");
      },
    },
    async mayEnterAlone({ id, name, kind }) {
      if (breakGlass.has(name)) return true;
      if (localSignIn === "off" && kind === "person") return false;
      return !(await store.isLinked(id));
    },
    async sweep() {
      await store.sweep();
      const needed = await store.sessionIds();
      // A new one is sealed before its session is there: two looks, and what neither knows is nobody's.
      const orphans = (await secrets.list("refresh")).filter((id) => !needed.has(id));
      if (orphans.length === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 5_000).unref());
      const again = await store.sessionIds();
      for (const id of orphans) if (!again.has(id)) await secrets.delete("refresh", id);
    },
    close: () => refresher.close(),
  };
}
