import { HoopError } from "../../vocabulary/index.js";
import { type BoundedFetch, createBoundedFetch } from "../providers/bounded-fetch.js";
import type { IdentityStore } from "../store.js";
import type { TokenAuthenticator } from "../token-authenticator.js";
import { createDelegations, type Delegations } from "./delegations.js";
import { createExchange, type Exchange } from "./exchange.js";
import { createIssuerKeys } from "./federation/issuer-keys.js";
import { type CompileCondition, createTrusts, type Trusts } from "./federation/trusts.js";
import { createServiceKeys, type ServiceKeys } from "./keys.js";
import { createLastUsed } from "./last-used.js";
import type { MachineStore, StoredSubject } from "./store.js";

/** Service accounts and agents of AI: how they show who they are, and for whom they act. */
export interface Machines {
  list(): Promise<readonly StoredSubject[]>;
  /** By name or id. Throws HoopError `not-found`; a person is none. */
  get(nameOrId: string): Promise<StoredSubject>;
  readonly keys: ServiceKeys;
  readonly trusts: Trusts;
  readonly delegations: Delegations;
  readonly exchange: Exchange["exchange"];
  close(): Promise<void>;
}

export interface MachinesOptions {
  readonly store: MachineStore;
  readonly identities: Pick<IdentityStore, "subject">;
  readonly authenticator: TokenAuthenticator;
  readonly compile: CompileCondition;
  readonly log: { warn(fields: object, text: string): void };
  readonly now?: (() => number) | undefined;
  readonly fetch?: BoundedFetch | undefined;
}

const sweepMs = 60 * 60_000;

/** @example const machines = createMachines({ store: createMachineStore(store), identities, authenticator, compile, log }); */
export function createMachines(options: MachinesOptions): Machines {
  const { store, identities, authenticator, compile, log } = options;
  const now = options.now ?? Date.now;
  const delegations = createDelegations({ store, now });
  const lastUsed = createLastUsed({ store, log, now });
  const stop = authenticator.watchUse(lastUsed.used);
  const keys = createIssuerKeys({
    fetch: options.fetch ?? createBoundedFetch({ timeoutMs: 5_000, maxBytes: 256 * 1024 }),
    now: () => performance.now(),
  });
  const { exchange } = createExchange({
    ...{ store, authenticator, delegations, keys, compile, log, now },
    subject: (id) => identities.subject({ id }),
  });
  const sweep = setInterval(() => {
    store.sweep().catch((error: unknown) => log.warn({ err: error }, "what machines left behind was not removed"));
  }, sweepMs).unref();
  return {
    list: () => store.machines(),
    async get(nameOrId) {
      const wanted = nameOrId.toLowerCase();
      const found = (await store.machines()).find(({ id, name }) => id === wanted || name === wanted);
      if (found === undefined)
        throw new HoopError(
          "not-found",
          `there is no service account or agent ${JSON.stringify(nameOrId.slice(0, 64))}`,
          {
            hint: "hoop service-accounts ls",
          },
        );
      return found;
    },
    keys: createServiceKeys({ store, now }),
    trusts: createTrusts({ store, compile }),
    delegations,
    exchange,
    async close() {
      stop();
      clearInterval(sweep);
      await lastUsed.close();
    },
  };
}
