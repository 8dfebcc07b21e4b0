import pg from "pg";
import { HoopError } from "../../vocabulary/index.js";

/** A role of a server that we start. */
export interface ServerUser {
  readonly name: string;
  readonly password: string;
  readonly superuser?: boolean | undefined;
  readonly createDatabase?: boolean | undefined;
  readonly replication?: boolean | undefined;
}

/** Makes the roles (their passwords are set at each start) and, once, the database with its seed. */
export async function prepare(
  admin: pg.ClientConfig,
  wanted: { readonly users: readonly ServerUser[]; readonly database: string; readonly seedSql: string | null },
): Promise<void> {
  await withClient({ ...admin, database: "postgres" }, async (client) => {
    for (const user of wanted.users) await makeUser(client, user);
    const { rowCount } = await client.query("select from pg_database where datname = $1", [wanted.database]);
    if (rowCount !== 0) return;
    // The seed goes into a database of another name first: a crash in the middle leaves nothing half filled.
    const making = `${wanted.database}_new`;
    await client.query(`drop database if exists ${pg.escapeIdentifier(making)} with (force)`);
    await client.query(`create database ${pg.escapeIdentifier(making)}`);
    const { seedSql } = wanted;
    if (seedSql !== null) {
      await withClient({ ...admin, database: making }, async (seeding) => {
        await seeding.query("begin");
        await seeding.query(seedSql);
        await seeding.query("commit");
      }).catch((error: unknown) => {
        throw new HoopError("invalid", `the seed of database ${wanted.database} failed`, { cause: error });
      });
    }
    await client.query(
      `alter database ${pg.escapeIdentifier(making)} rename to ${pg.escapeIdentifier(wanted.database)}`,
    );
  });
}

async function makeUser(client: pg.Client, user: ServerUser): Promise<void> {
  const name = pg.escapeIdentifier(user.name);
  const { rowCount } = await client.query("select from pg_roles where rolname = $1", [user.name]);
  const rights = [
    user.superuser === true ? "superuser" : "nosuperuser",
    user.createDatabase === true ? "createdb" : "nocreatedb",
    user.replication === true ? "replication" : "noreplication",
  ].join(" ");
  const verb = rowCount === 0 ? "create" : "alter";
  await client.query(`${verb} role ${name} login ${rights} password ${pg.escapeLiteral(user.password)}`);
}

async function withClient(config: pg.ClientConfig, use: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ ...config, connectionTimeoutMillis: 10_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end().catch(() => {});
  }
}
