import type { Migration } from "kysely";

export const changesMigrations: Readonly<Record<string, Migration>> = {
  "0001-changes": {
    async up(db) {
      await db.schema
        .createTable("hoop_changes")
        .addColumn("topic", "text", (column) => column.primaryKey())
        .addColumn("version", "bigint", (column) => column.notNull())
        .execute();
    },
  },
};
