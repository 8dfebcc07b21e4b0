import { sql } from "kysely";
import type { SealedSecret, SecretStore } from "../secrets/store.js";
import type { ChangeFeed, Store } from "./store.js";

type SecretsTables = {
  data_keys: { id: string; purpose: string; generation: number; master_key: string; sealed: Buffer };
  secrets: { kind: string; id: string; key_id: string; sealed: Buffer; version: string; updated_at: Date };
};

const missingKey = "23503"; // foreign_key_violation

/** The secrets' port on PostgreSQL. */
export function createSecretStore(
  store: Pick<Store, "db"> & { readonly changes: Pick<ChangeFeed, "publish"> },
): SecretStore {
  const db = store.db.withTables<SecretsTables>();
  const asSecret = (row: {
    kind: string;
    id: string;
    key_id: string;
    sealed: Buffer;
    version: string;
  }): SealedSecret => ({
    kind: row.kind,
    id: row.id,
    keyId: row.key_id,
    sealed: row.sealed,
    version: Number(row.version),
  });
  const columns = ["kind", "id", "key_id", "sealed", "version"] as const;
  return {
    async dataKeys() {
      const rows = await db
        .selectFrom("data_keys")
        .select(["id", "purpose", "generation", "master_key", "sealed"])
        .execute();
      return rows.map((row) => ({
        id: row.id,
        purpose: row.purpose,
        generation: row.generation,
        masterKeyId: row.master_key,
        sealed: row.sealed,
      }));
    },
    async addDataKey(key) {
      return db.transaction().execute(async (trx) => {
        const result = await trx
          .insertInto("data_keys")
          .values({
            id: key.id,
            purpose: key.purpose,
            generation: key.generation,
            master_key: key.masterKeyId,
            sealed: Buffer.from(key.sealed),
          })
          .onConflict((conflict) => conflict.columns(["purpose", "generation"]).doNothing())
          .executeTakeFirst();
        if (result.numInsertedOrUpdatedRows !== 1n) return false;
        // The other replicas seal under it from now on as well.
        await store.changes.publish<SecretsTables>("secrets", trx);
        return true;
      });
    },
    async resealDataKey(id, fromMasterKey, toMasterKey, sealed) {
      const result = await db
        .updateTable("data_keys")
        .set({ master_key: toMasterKey, sealed: Buffer.from(sealed) })
        .where("id", "=", id)
        .where("master_key", "=", fromMasterKey)
        .executeTakeFirst();
      return result.numUpdatedRows === 1n;
    },
    async dropUnusedDataKeys(purpose, belowGeneration) {
      const result = await db
        .deleteFrom("data_keys")
        .where("purpose", "=", purpose)
        .where("generation", "<", belowGeneration)
        .where((where) =>
          where.not(
            where.exists(
              where.selectFrom("secrets").select("secrets.id").whereRef("secrets.key_id", "=", "data_keys.id"),
            ),
          ),
        )
        .executeTakeFirst();
      return Number(result.numDeletedRows);
    },
    async get(ref) {
      const row = await db
        .selectFrom("secrets")
        .select(columns)
        .where("kind", "=", ref.kind)
        .where("id", "=", ref.id)
        .executeTakeFirst();
      return row === undefined ? null : asSecret(row);
    },
    async put(ref, keyId, sealed) {
      try {
        await sql`
          insert into secrets (kind, id, key_id, sealed) values (${ref.kind}, ${ref.id}, ${keyId}, ${Buffer.from(sealed)})
          on conflict (kind, id) do update
          set key_id = excluded.key_id, sealed = excluded.sealed, version = secrets.version + 1, updated_at = now()`.execute(
          db,
        );
        return true;
      } catch (error) {
        if ((error as { code?: string }).code === missingKey) return false;
        throw error;
      }
    },
    async putIfAbsent(ref, keyId, sealed) {
      const result = await sql`
        insert into secrets (kind, id, key_id, sealed) values (${ref.kind}, ${ref.id}, ${keyId}, ${Buffer.from(sealed)})
        on conflict (kind, id) do nothing`.execute(db);
      return result.numAffectedRows === 1n;
    },
    async delete(ref) {
      const result = await db
        .deleteFrom("secrets")
        .where("kind", "=", ref.kind)
        .where("id", "=", ref.id)
        .executeTakeFirst();
      return result.numDeletedRows === 1n;
    },
    async list(kind) {
      return db.selectFrom("secrets").select(["kind", "id"]).where("kind", "=", kind).orderBy("id").execute();
    },
    async sealedUnderOthers(keyId, limit) {
      const rows = await db.selectFrom("secrets").select(columns).where("key_id", "<>", keyId).limit(limit).execute();
      return rows.map(asSecret);
    },
    async reseal(secret, keyId, sealed) {
      const result = await sql`
        update secrets set key_id = ${keyId}, sealed = ${Buffer.from(sealed)}, version = version + 1, updated_at = now()
        where kind = ${secret.kind} and id = ${secret.id} and version = ${secret.version}`.execute(db);
      return result.numAffectedRows === 1n;
    },
  };
}
