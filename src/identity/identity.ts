import { createDeviceLogins, type DeviceLogins } from "./device-logins.js";
import { createGroups, type Groups } from "./groups.js";
import { createLogins, type Lifetimes, type Logins } from "./logins.js";
import { createPasswords } from "./passwords.js";
import { createSetup, type Setup } from "./setup.js";
import type { IdentityStore } from "./store.js";
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
  close(): void;
}

export interface IdentityOptions {
  readonly store: IdentityStore;
  readonly log: { warn(fields: object, text: string): void; error(fields: object, text: string): void };
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
  const passwords = await createPasswords();
  const authenticator = await createTokenAuthenticator({ store, log, now, maxStaleMs: options.maxStaleMs ?? minute });
  const logins = createLogins({ store, passwords, lifetimes: { ...defaultLifetimes, ...options.lifetimes }, now });
  const sweep = setInterval(() => {
    store.sweep().catch((error: unknown) => log.warn({ err: error }, "expired logins were not removed"));
  }, 60 * minute).unref();
  return {
    authenticator,
    logins,
    devices: createDeviceLogins({ store, logins, now }),
    setup: createSetup({ store, passwords, now }),
    users: createUsers({ store, passwords }),
    groups: createGroups(store),
    close() {
      clearInterval(sweep);
      authenticator.close();
    },
  };
}
