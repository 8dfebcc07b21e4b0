import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runChild } from "../../src/demo/child.js";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

const sql = `
create table customers (id int primary key, name text, email text, card_number text, level int4, born date);
insert into customers select n, 'name ' || n, 'person' || n || '@example.org', '411111111111' || (1000 + n), n * 7, date '1970-01-01' + n from generate_series(1, 500) n;
`;

describe("psql through the whole of Hoop", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  beforeAll(async () => {
    target = await startPostgres({ version: 15, sql });
    hoop = await startHoop({ target });
  });
  afterAll(async () => {
    await hoop?.stop();
    await target?.stop();
  });

  it("answers as the target itself does", async () => {
    const text =
      "\\d customers\nselect * from customers order by id;\nselect count(*), sum(level), max(born) from customers;\nselect 1/0;\nselect 'still here';\n\\copy (select * from customers) to stdout csv\n";
    const direct = await runChild("psql", ["-X", "-a"], {
      env: {
        ...hoop.clientEnv(),
        PGHOST: target.host,
        PGPORT: String(target.port),
        PGUSER: target.user,
        PGPASSWORD: target.password,
      },
      input: text,
    });
    const through = await runChild("psql", ["-X", "-a"], { env: hoop.clientEnv(), input: text });
    expect(through.stdout).toBe(direct.stdout);
    expect(through.stderr).toBe(direct.stderr);
    expect(through.stdout).toContain("person500@example.org");
  });

  it("verifies the name with sslmode=verify-full", async () => {
    const { writeFileSync } = await import("node:fs");
    const ca = `${hoop.folder}/ca.pem`;
    writeFileSync(ca, hoop.authority);
    const env = hoop.clientEnv({
      PGHOST: "pg.hoop",
      PGHOSTADDR: hoop.host,
      PGSSLMODE: "verify-full",
      PGSSLROOTCERT: ca,
    });
    const result = await runChild("psql", ["-X", "-At", "-c", "select 42", "-c", "\\conninfo"], { env });
    expect(result.stderr).toBe("");
    expect(result.stdout).toContain("42\n");
    expect(result.stdout).toContain("SSL connection");
  });
});
