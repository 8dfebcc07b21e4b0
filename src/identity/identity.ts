import type { KeyObject } from "node:crypto";
import { type Attempts, createSharedAttempts } from "./attempts.js";
import { createDeviceLogins, type DeviceLogins } from "./device-logins.js";
import { createDirectories, type Directories } from "./directory/index.js";
import { obligationOf } from "./factors/enrolment.js";
import { createFactors, type Factors } from "./factors/factors.js";
import { createGuesses } from "./factors/guesses.js";
import { createPasskeys } from "./factors/passkeys.js";
import { createProofs } from "./factors/proofs.js";
import { createSignIns, type SignIns } from "./factors/sign-ins.js";
import { createStepUps, type StepUps } from "./factors/step-ups.js";
import type { FactorSecrets, FactorStore } from "./factors/store.js";
import type { Freshness } from "./freshness.js";
import { createGroups, type Groups } from "./groups.js";
import { createFreshness, type LiveFreshness } from "./live-freshness.js";
import { createLogins, type Lifetimes, type Logins } from "./logins.js";
import { createPasswordGate } from "./password-gate.js";
import { createPasswords } from "./passwords.js";
import { createSignInProviders, type SignInProviderOptions, type SignInProviders } from "./providers/index.js";
import { createRoles, type Roles } from "./roles/index.js";
import { createSetup, type Setup } from "./setup.js";
import type { IdentityStore } from "./store.js";
import { addressBlock } from "./throttle.js";
import { createTokenAuthenticator, type TokenAuthenticator } from "./token-authenticator.js";
import { createUsers, type Users } from "./users.js";

/** Everything about who somebody is. */
export interface Identity {
  readonly authenticator: TokenAuthenticator;
  readonly logins: Logins;
  readonly devices: DeviceLogins;
  readonly setup: Setup;
  readonly users: Users;
  readonly groups: Groups;
  readonly roles: Roles;
  readonly directories: Directories;
  /** Null: this gateway was put together without providers. */
  readonly providers: SignInProviders | null;
  readonly factors: Factors;
  readonly signIns: SignIns;
  readonly stepUps: StepUps;
  readonly freshness: Freshness;
  close(): void;
}

/** What second factors need. */
export interface FactorOptions {
  readonly store: FactorStore;
  readonly secrets: FactorSecrets;
  /** Recovery codes are hashed under it; the same on every replica, and not in the store in clear. */
  readonly codeKey: KeyObject;
  /** The page on which a challenge is answered. */
  readonly link: (challenge: string) => string;
}

export interface IdentityOptions {
  readonly store: IdentityStore;
  readonly factors: FactorOptions;
  readonly log: { warn(fields: object, text: string): void; error(fields: object, text: string): void };
  /** Signing in by providers; absent: by what Hoop itself keeps alone. */
  readonly providers?: SignInProviderOptions | undefined;
  readonly lifetimes?: Partial<Lifetimes> | undefined;
  /** How long a cached token is honoured while the store is away, milliseconds. */
  readonly maxStaleMs?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly now?: (() => number) | undefined;
}

const minute = 60_000;
const day = 24 * 60 * minute;
export const defaultLifetimes: Lifetimes = {
  accessMs: 15 * minute,
  refreshMs: 7 * day,
  loginMs: 30 * day,
  browserMs: day / 2,
};

/** @example const identity = await createIdentity({ store: createIdentityStore(store), log }); */
export async function createIdentity(options: IdentityOptions): Promise<Identity> {
  const { store, log } = options;
  const now = options.now ?? Date.now;
  const factorStore = options.factors.store;
  const passwords = await createPasswords();
  const authenticator = await createTokenAuthenticator({ store, log, now, maxStaleMs: options.maxStaleMs ?? minute });
  const roles = await createRoles({ store: store.roles, log });
  const freshness = await createFreshness({ store: factorStore, log });
  const attempts = createSharedAttempts({ store: store.attempts });
  const gate = createPasswordGate(attempts);
  const providers = options.providers ? createSignInProviders({ ...options.providers, gate, log, now }) : null;
  const logins = createLogins({
    store,
    passwords,
    gate,
    mayEnterAlone: providers?.mayEnterAlone,
    beforeRenewal: providers?.refresher.beforeRenewal,
    lifetimes: { ...defaultLifetimes, ...options.lifetimes },
    owesFactor: async (subject) => {
      const owed = obligationOf(await factorStore.policy(), subject);
      return owed.required && owed.deadline.getTime() <= now();
    },
    now,
  });
  const second = createSecondFactor(options, { attempts, freshness, now, mayEnterAlone: providers?.mayEnterAlone });
  const sweep = setInterval(() => {
    store.sweep().catch((error: unknown) => log.warn({ err: error }, "expired logins were not removed"));
    store.attempts.sweep().catch((error: unknown) => log.warn({ err: error }, "old tries to sign in were not removed"));
    providers
      ?.sweep()
      .catch((error: unknown) => log.warn({ err: error }, "what providers said long ago was not removed"));
    second.factors.sweep().catch((error: unknown) => log.warn({ err: error }, "expired questions were not removed"));
  }, 60 * minute).unref();
  return {
    authenticator,
    logins,
    devices: createDeviceLogins({ store, logins, now, attempts }),
    setup: createSetup({ store, passwords, now, attempts, byRule: providers?.adminByRule ?? false }),
    users: createUsers({ store, passwords }),
    groups: createGroups(store),
    roles,
    directories: createDirectories({ store: store.directories, now }),
    providers,
    ...second,
    freshness,
    close() {
      clearInterval(sweep);
      providers?.close();
      freshness.close();
      roles.close();
      authenticator.close();
    },
  };
}

/** Everything of second factors, on one store. */
function createSecondFactor(
  options: IdentityOptions,
  {
    attempts,
    freshness,
    now,
    mayEnterAlone,
  }: {
    attempts: Attempts;
    freshness: LiveFreshness;
    now: () => number;
    mayEnterAlone: SignInProviders["mayEnterAlone"] | undefined;
  },
): Pick<Identity, "factors" | "signIns" | "stepUps"> {
  const { store: identities, log } = options;
  const { store, secrets, codeKey, link } = options.factors;
  const passkeys = createPasskeys({ store, now });
  const proofs = createProofs({
    store,
    secrets,
    codeKey,
    passkeys,
    guesses: createGuesses(attempts),
    knowsNetwork: async (id, address) => {
      const subject = await identities.subject({ id });
      return subject !== null && (await identities.knowsNetwork(subject.name, addressBlock(address)));
    },
    now,
  });
  const factors = createFactors({ store, identities, secrets, codeKey, passkeys, settled: freshness.settled, now });
  return {
    factors,
    signIns: createSignIns({ store, identities, factors, passkeys, proofs, now, mayEnterAlone }),
    stepUps: createStepUps({ store, passkeys, proofs, freshness, log, link, now }),
  };
}
