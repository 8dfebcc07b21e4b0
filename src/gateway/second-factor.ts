import type { FactorOptions } from "../identity/index.js";
import type { SecretVault } from "../secrets/index.js";
import { createFactorStore } from "../storage/second-factor.js";
import type { Store } from "../storage/store.js";

const kind = "totp";

/** What second factors need of the store and the vault. */
export async function factorOptions(options: {
  readonly store: Store;
  readonly vault: Pick<SecretVault, "put" | "get" | "delete" | "list" | "purposeKey">;
  readonly link: FactorOptions["link"];
}): Promise<FactorOptions> {
  const { vault } = options;
  return {
    store: createFactorStore(options.store),
    secrets: {
      put: (id, secret) => vault.put({ kind, id }, secret),
      get: async (id) => (await vault.get({ kind, id }))?.reveal() ?? null,
      delete: async (id) => void (await vault.delete({ kind, id })),
      list: async () => (await vault.list(kind)).map(({ id }) => id),
    },
    codeKey: await vault.purposeKey("recovery-codes"),
    link: options.link,
  };
}
