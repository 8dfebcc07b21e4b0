import type { AuthorityKind, PkiStore } from "../pki/store.js";
import type { Store } from "./store.js";

type PkiTables = {
  authorities: {
    id: string;
    kind: string;
    generation: number;
    certificate: string;
    issues_from: Date;
    expires_at: Date;
  };
};

/** The certificate authorities' port on PostgreSQL. Holds certificates only; their keys are in the vault. */
export function createPkiStore(store: Pick<Store, "db">): PkiStore {
  const db = store.db.withTables<PkiTables>();
  return {
    async authorities() {
      const rows = await db
        .selectFrom("authorities")
        .select(["id", "kind", "generation", "certificate", "issues_from", "expires_at"])
        .orderBy("generation")
        .execute();
      return rows.map((row) => ({
        id: row.id,
        kind: row.kind as AuthorityKind,
        generation: row.generation,
        certificate: row.certificate,
        issuesFrom: row.issues_from,
        expires: row.expires_at,
      }));
    },
    async add(authority) {
      const result = await db
        .insertInto("authorities")
        .values({
          id: authority.id,
          kind: authority.kind,
          generation: authority.generation,
          certificate: authority.certificate,
          issues_from: authority.issuesFrom,
          expires_at: authority.expires,
        })
        .onConflict((conflict) => conflict.columns(["kind", "generation"]).doNothing())
        .executeTakeFirst();
      return result.numInsertedOrUpdatedRows === 1n;
    },
  };
}
