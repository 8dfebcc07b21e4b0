import pg from "pg";

/** What each session's user at the sample database is a member of. */
export const sampleRole = "shop";

/**
 * The sample's own login may make users for sessions, and give them the one role that may read and change rows; itself it
 * needs no other right. Run at each start: an older sample has none of it.
 */
export async function giveSampleRoles(admin: pg.ClientConfig): Promise<void> {
  const client = new pg.Client({ ...admin, database: "demo", connectionTimeoutMillis: 10_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    const known = await client.query("select from pg_roles where rolname = $1", [sampleRole]);
    await client.query(`begin;
      ${known.rowCount === 0 ? `create role ${sampleRole} nologin;` : ""}
      create table if not exists incidents (who text not null, at timestamptz not null default now());
      alter role demo createrole;
      grant ${sampleRole} to demo with admin option;
      grant select, insert, update, delete on all tables in schema public to ${sampleRole};
      grant usage on all sequences in schema public to ${sampleRole};
      commit`);
  } finally {
    await client.end().catch(() => {});
  }
}
