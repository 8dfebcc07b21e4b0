import { type Migration, Migrator } from "kysely";
import { HoopError } from "../vocabulary/index.js";
import type { StoreLog } from "./log.js";
import type { Db } from "./store.js";

/**
 * Brings the store to this version's tables. Replicas that start together take turns (an advisory lock); a store that a
 * newer Hoop has migrated is refused, for this one would write what that one no longer expects.
 */
export async function migrate(db: Db, migrations: Readonly<Record<string, Migration>>, log: StoreLog): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...migrations }) },
    migrationTableName: "hoop_migrations",
    migrationLockTableName: "hoop_migrations_lock",
    // Domains add steps side by side: a name may sort before one that has run.
    allowUnorderedMigrations: true,
  });
  const { error, results } = await migrator.migrateToLatest();
  for (const result of results ?? []) {
    if (result.status === "Success") log.info({ migration: result.migrationName }, "store migrated");
  }
  if (error === undefined) return;
  if (error instanceof Error && /previously executed migration .* is missing/.test(error.message)) {
    throw new HoopError("precondition-failed", "the store belongs to a newer Hoop", {
      cause: error,
      hint: "start that version, or a store of its own",
    });
  }
  const failed = results?.find((result) => result.status === "Error")?.migrationName;
  throw new HoopError("internal", `the store could not be migrated${failed === undefined ? "" : ` (${failed})`}`, {
    cause: error,
  });
}
