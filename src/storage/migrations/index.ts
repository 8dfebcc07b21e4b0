import type { Migration } from "kysely";

/** Every migration by name, in order; one line a domain step. Names never change once released. */
export const migrations: Readonly<Record<string, Migration>> = {};
