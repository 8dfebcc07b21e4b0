import type { PostgresPeer } from "./peers/postgres.js";
import { run } from "./peers/process.js";

export interface Dataset {
  /** Bytes of COPY TO STDOUT of each table. */
  readonly bytes: { readonly rows_100: number; readonly rows_1k: number };
}

/** pgbench's own tables at scale 1, and two tables of rows of 100 bytes and of a kilobyte, `megabytes` each. */
export async function createDataset(server: PostgresPeer, megabytes: number): Promise<Dataset> {
  await server.sql("create database bench");
  await run(
    "pgbench",
    ["-i", "-q", "-s", "1", "-h", server.host, "-p", String(server.port), "-U", server.user, "bench"],
    {
      env: { ...process.env, PGPASSWORD: server.password, PGSSLMODE: "disable" },
    },
  );
  const fill = (table: string, width: number, rows: number) => `
    create table ${table} (id int, email text, filler text);
    insert into ${table}
      select n, 'user' || lpad(n::text, 8, '0') || '@example.org', repeat('x', ${width})
      from generate_series(10000000, 10000000 + ${rows} - 1) n;
    vacuum (analyze, freeze) ${table};`;
  // 8 digits, 2 tabs, 24 characters of e-mail and a newline are 35 bytes of each row.
  await server.sql(fill("rows_100", 65, megabytes * 10_000), "bench");
  await server.sql(fill("rows_1k", 989, megabytes * 1_000), "bench");
  const size = async (table: string) =>
    Number(
      await server.sql(`select sum(length(id::text) + length(email) + length(filler) + 3) from ${table}`, "bench"),
    );
  return { bytes: { rows_100: await size("rows_100"), rows_1k: await size("rows_1k") } };
}
