import type { SealedDataKey, SealedSecret, SecretRef, SecretStore } from "./store.js";

/** The port in memory, with the same rules as the tables: for tests and for tools that keep nothing. */
export function createMemorySecretStore(): SecretStore {
  const keys = new Map<string, SealedDataKey>();
  const secrets = new Map<string, SealedSecret>();
  const place = (ref: SecretRef) => `${ref.kind}\0${ref.id}`;
  return {
    async dataKeys() {
      return [...keys.values()];
    },
    async addDataKey(key) {
      for (const other of keys.values())
        if (other.purpose === key.purpose && other.generation === key.generation) return false;
      keys.set(key.id, key);
      return true;
    },
    async resealDataKey(id, fromMasterKey, toMasterKey, sealed) {
      const key = keys.get(id);
      if (key === undefined || key.masterKeyId !== fromMasterKey) return false;
      keys.set(id, { ...key, masterKeyId: toMasterKey, sealed });
      return true;
    },
    async dropUnusedDataKeys(purpose, belowGeneration) {
      const used = new Set([...secrets.values()].map((secret) => secret.keyId));
      let dropped = 0;
      for (const key of keys.values()) {
        if (key.purpose !== purpose || key.generation >= belowGeneration || used.has(key.id)) continue;
        keys.delete(key.id);
        dropped += 1;
      }
      return dropped;
    },
    async get(ref) {
      return secrets.get(place(ref)) ?? null;
    },
    async put(ref, keyId, sealed) {
      if (!keys.has(keyId)) return false;
      secrets.set(place(ref), {
        kind: ref.kind,
        id: ref.id,
        keyId,
        sealed,
        version: (secrets.get(place(ref))?.version ?? 0) + 1,
      });
      return true;
    },
    async putIfAbsent(ref, keyId, sealed) {
      if (secrets.has(place(ref))) return false;
      if (!keys.has(keyId)) throw new Error("no such data key");
      secrets.set(place(ref), { kind: ref.kind, id: ref.id, keyId, sealed, version: 1 });
      return true;
    },
    async delete(ref) {
      return secrets.delete(place(ref));
    },
    async list(kind) {
      return [...secrets.values()]
        .filter((secret) => secret.kind === kind)
        .map((secret) => ({ kind: secret.kind, id: secret.id }));
    },
    async sealedUnderOthers(keyId, limit) {
      return [...secrets.values()].filter((secret) => secret.keyId !== keyId).slice(0, limit);
    },
    async reseal(secret, keyId, sealed) {
      const now = secrets.get(place(secret));
      if (now === undefined || now.version !== secret.version) return false;
      secrets.set(place(secret), { ...now, keyId, sealed, version: now.version + 1 });
      return true;
    },
  };
}
