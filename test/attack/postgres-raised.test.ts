import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MaskPlan } from "../../src/vocabulary/index.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { servePostgresThrough, type Through, testFacts } from "../support/postgres-through.js";
import { field, type RawMessage, RawPostgres } from "../support/raw-postgres.js";

const hidden: MaskPlan = {
  columns: new Map(),
  proven: new Set(),
  others: { method: "redact" },
  text: { method: "redact" },
  copy: null,
};
const found: MaskPlan = {
  columns: new Map(),
  proven: new Set(),
  others: null,
  text: null,
  copy: null,
  scan: {
    rules: [{ rule: "mails", detect: ["email"], patterns: [], mask: { method: "redact" }, keys: false, bytes: false }],
    alone: true,
  },
};

const shown = (messages: readonly RawMessage[]): string =>
  messages
    .filter(({ type }) => type === "E" || type === "N")
    .map(({ body }) => body.toString("utf8"))
    .join("\n");

// RAISE says the names of a column, table, constraint and so on of its own free will: they hold whatever the function read.
describe("what a body raises, in fields that name things", () => {
  let server: PostgresServer;
  let through: Through;
  let plan: MaskPlan = hidden;
  beforeAll(async () => {
    server = await startPostgres({
      sql: `create table people (id int primary key, email text, constraint has_at check (email like '%@%'));
        insert into people values (1, 'jane@example.com')`,
    });
    through = await servePostgresThrough({
      server,
      judge: (ask) => ({ allow: true, masks: plan, analysis: testFacts(ask.text) }),
    });
  });
  afterAll(async () => {
    await through.stop();
    await server.stop();
  });

  const options = ["column", "table", "schema", "constraint", "datatype"];
  const plans = [
    ["masked", hidden],
    ["looked through", found],
  ] as const;
  const cases = plans.flatMap(([how, of]) =>
    options.flatMap((option) => ["exception", "notice"].map((level) => [how, level, option, of] as const)),
  );

  it.each(cases)("%s: raise %s using %s", async (_how, level, option, of) => {
    plan = of;
    const client = await RawPostgres.open(through);
    try {
      const code = level === "exception" ? ", errcode = '23505'" : "";
      const answer = await client.query(
        `do $$ declare v text; begin select email into v from people; raise ${level} 'x' using ${option} = v${code}; end $$`,
      );
      expect(shown(answer)).not.toBe("");
      expect(shown(answer)).not.toContain("jane@example.com");
    } finally {
      client.close();
    }
  });

  it("a code is not chosen by what was read", async () => {
    plan = hidden;
    const client = await RawPostgres.open(through);
    try {
      const answer = await client.query(
        `do $$ declare v text; begin select upper(left(email, 4)) || '1' into v from people; raise notice 'x' using errcode = v; end $$`,
      );
      expect(shown(answer)).not.toContain("JANE1");
      const error = await client.query(
        `do $$ declare v text; begin select upper(left(email, 4)) || '1' into v from people; raise 'x' using errcode = v; end $$`,
      );
      expect(field(error, "C")).toBe("P0001");
    } finally {
      client.close();
    }
  });

  it("the server's own errors still name what they are about", async () => {
    plan = hidden;
    const client = await RawPostgres.open(through);
    try {
      const answer = await client.query("insert into people values (1, 'joe@example.com')");
      expect(field(answer, "C")).toBe("23505");
      expect(field(answer, "n")).toBe("people_pkey");
      expect(field(answer, "t")).toBe("people");
      expect(field(await client.query("insert into people values (2, 'joe')"), "n")).toBe("has_at");
    } finally {
      client.close();
    }
  });

  it.each(["timezone", "application_name"])("a setting that is told to the client: %s", async (setting) => {
    plan = hidden;
    const client = await RawPostgres.open(through);
    try {
      const answer = await client.query(`select set_config('${setting}', '<' || email || '>0', false) from people`);
      expect(answer.filter(({ type }) => type === "S")).toHaveLength(1);
      expect(Buffer.concat(answer.map(({ body }) => body)).toString()).not.toMatch(/jane/i);
      const zones = await client.query("set timezone to 'Europe/Paris'");
      if (setting === "timezone")
        expect(zones.find(({ type }) => type === "S")?.body.toString()).toContain("Europe/Paris");
    } finally {
      client.close();
    }
  });
});
