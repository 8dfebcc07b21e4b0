import { execFile } from "node:child_process";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  encodeBind,
  encodeExecute,
  encodeParse,
  encodeQuery,
  encodeSync,
} from "../../src/protocols/postgres/codec/frontend.js";
import type { Mask, MaskPlan } from "../../src/vocabulary/index.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { type Say, servePostgresThrough, type Through, testFacts } from "../support/postgres-through.js";
import { cells, field, RawPostgres, rowOf, types } from "../support/raw-postgres.js";

const run = promisify(execFile);

/** Every type that a masked value must stay of, and a value of it. */
const typed: Readonly<Record<string, string>> = {
  bool: "true",
  bytea: "'\\x01'",
  int8: "8",
  int2: "2",
  int4: "4",
  text: "'secret'",
  oid: "26",
  json: `'{"a":1}'`,
  jsonb: `'{"a":1}'`,
  cidr: "'10.0.0.0/8'",
  float4: "1.5",
  float8: "2.5",
  inet: "'10.1.2.3'",
  macaddr: "'08:00:2b:01:02:03'",
  bpchar: "'secret'",
  varchar: "'secret'",
  date: "'1999-12-31'",
  time: "'12:34'",
  timestamp: "'1999-12-31 23:59'",
  timestamptz: "'1999-12-31 23:59+00'",
  interval: "'3 days'",
  timetz: "'12:34+02'",
  numeric: "123.45",
  uuid: "'5d1f6c0e-1d5b-4b2b-9a3e-0c1d2e3f4a5b'",
  "text[]": "array['secret']",
  "int4[]": "array[1,2]",
  "uuid[]": "array['5d1f6c0e-1d5b-4b2b-9a3e-0c1d2e3f4a5b'::uuid]",
  point: "'(1,2)'",
  xml: "'<a/>'",
};

describe("masks on the wire", () => {
  let server: PostgresServer;
  let through: Through;
  let plan: MaskPlan | null = null;
  let oid = 0;
  let viewOid = 0;
  let typedOid = 0;
  const asked: string[][] = [];
  let lookedUp: MaskPlan | null = null;

  const masks = (columns: Record<number, Mask>, more: Partial<MaskPlan> = {}): MaskPlan => ({
    columns: new Map(Object.entries(columns).map(([number, mask]) => [`${oid}.${number}`, mask])),
    proven: new Set([String(oid)]),
    others: { method: "redact" },
    text: { method: "redact" },
    copy: null,
    ...more,
  });

  beforeAll(async () => {
    server = await startPostgres({
      sql: `create table customers (id int primary key, email text, name varchar(40), ssn int, note text);
        insert into customers select i, 'jane' || i || '@example.com', 'name ' || i, 100000000 + i,
          case when i % 2 = 0 then null else E'tab\\tnew\\nline\\\\' || i end from generate_series(1, 1000) i;
        create view emails as select email from customers;
        create table typed (${Object.keys(typed)
          .map((type, i) => `c${i} ${type}`)
          .join(", ")});
        insert into typed values (${Object.values(typed).join(", ")})`,
    });
    const ids = await server.query(
      "select 'customers'::regclass::oid as a, 'emails'::regclass::oid as b, 'typed'::regclass::oid as c",
    );
    oid = ids.rows[0].a;
    viewOid = ids.rows[0].b;
    typedOid = ids.rows[0].c;
    through = await servePostgresThrough({
      server,
      judge: (ask): Say => {
        const copy = /^copy \((.*)\) to/is.exec(ask.text);
        return { allow: true, masks: plan, analysis: { ...testFacts(ask.text), copyQuery: copy?.[1] ?? null } };
      },
      lookup: (relations) => {
        asked.push([...relations]);
        return lookedUp;
      },
    });
  });
  afterAll(async () => {
    await through.stop();
    await server.stop();
  });

  it("masks the planned cells of a simple query and nothing else", async () => {
    plan = masks({ 2: { method: "partial", as: "email" }, 4: { method: "null" } });
    const client = await RawPostgres.open(through);
    const direct = (await server.query("select * from customers order by id")).rows;
    const rows = cells(await client.query("select * from customers order by id"));
    expect(rows).toEqual(direct.map(({ id, name, note }) => [String(id), "j***@e***.com", name, null, note]));
    const finished = through.notes.findLast((note) => note.kind === "finished");
    expect(finished).toMatchObject({ rows: 1000, maskedCells: 2000, tag: "SELECT 1000" });
    client.close();
  });

  it("masks in any order, repeated, from expressions and RETURNING", async () => {
    plan = masks({ 2: { method: "redact" } });
    const client = await RawPostgres.open(through);
    expect(
      cells(await client.query("select email, id, email, upper(email), id + 1 from customers where id = 1")),
    ).toEqual([["***", "1", "***", "***", "0"]]);
    expect(cells(await client.query("update customers set id = id where id = 1000 returning email"))).toEqual([
      ["***"],
    ]);
    expect(
      cells(
        await client.query(
          "begin; declare c cursor for select email, id from customers order by id; fetch 2 from c; commit",
        ),
      ),
    ).toEqual([
      ["***", "1"],
      ["***", "2"],
    ]);
    client.close();
  });

  it("grows values past what was read, and keeps the rows whole", async () => {
    plan = masks({ 1: { method: "null" }, 2: { method: "fixed", value: "x".repeat(500) }, 3: { method: "hash" } });
    const client = await RawPostgres.open(through);
    const rows = cells(await client.query("select * from customers order by id"));
    expect(rows).toHaveLength(1000);
    for (const [id, email, name, ssn] of rows) {
      expect(id).toBeNull();
      expect(email).toBe("x".repeat(500));
      expect(name).toMatch(/^[0-9a-f]{16}$/);
      expect(ssn).toMatch(/^10000/);
    }
    client.close();
  });

  it("masks an Execute that nobody described", async () => {
    plan = masks({ 2: { method: "redact" }, 4: { method: "redact" } });
    const client = await RawPostgres.open(through);
    client.send(encodeParse("s", "select id, email, ssn from customers where id < $1"), encodeSync());
    await client.until("Z");
    for (let round = 0; round < 2; round++) {
      const bind = encodeBind("", "s", [Buffer.from("3")]);
      // Binary results: one format for all.
      const binary = Buffer.concat([bind.subarray(0, bind.length - 2), Buffer.from([0, 1, 0, 1])]);
      binary.writeInt32BE(binary.length - 1, 1);
      client.send(binary, encodeExecute(""), encodeSync());
      const replies = await client.until("Z");
      expect(types(replies)).toBe("2DDCZ");
      expect(
        replies.filter(({ type }) => type === "D").map(({ body }) => rowOf(body).map((cell) => cell!.toString("hex"))),
      ).toEqual([
        ["00000001", "2a2a2a", "00000000"],
        ["00000002", "2a2a2a", "00000000"],
      ]);
    }
    client.close();
  });

  it("looks up relations that the plan does not know", async () => {
    plan = masks({ 2: { method: "redact" } });
    lookedUp = masks({}, { proven: new Set([String(oid), String(viewOid)]) });
    asked.length = 0;
    const client = await RawPostgres.open(through);
    expect(cells(await client.query("select email from emails limit 1"))).toEqual([["jane1@example.com"]]);
    expect(asked).toEqual([[String(viewOid)]]);
    lookedUp = plan;
    expect(cells(await client.query("select email from emails limit 1"))).toEqual([["***"]]);
    client.close();
  });

  it.each([
    { method: "redact" },
    { method: "hash" },
    { method: "partial" },
    { method: "fixed", value: "7" },
    { method: "null" },
  ] as const)("keeps every type a value of its type: %j", async (mask) => {
    const names = Object.keys(typed);
    plan = {
      columns: new Map(names.map((_, i) => [`${typedOid}.${i + 1}`, mask])),
      proven: new Set([String(typedOid)]),
      others: mask,
      text: null,
      copy: null,
    };
    const client = await RawPostgres.open(through);
    const [text] = cells(await client.query("select * from typed"));
    const bind = encodeBind("", "", []);
    const binary = Buffer.concat([bind.subarray(0, bind.length - 2), Buffer.from([0, 1, 0, 1])]);
    binary.writeInt32BE(binary.length - 1, 1);
    client.send(encodeParse("", "select * from typed"), binary, encodeExecute(""), encodeSync());
    const raw = rowOf((await client.until("Z")).find(({ type }) => type === "D")!.body);
    client.close();
    for (const [i, type] of names.entries()) {
      const shown = text![i] ?? null;
      const value = typed[type]!.replaceAll("'", "");
      if (shown !== null) expect(shown, type).not.toBe(value);
      // The server itself judges whether what we made is a value of that type, in both formats.
      if (shown !== null) await server.query(`select '${shown.replaceAll("'", "''")}'::${type}`);
      if (raw[i] !== null) await receives(server, type, raw[i]!);
    }
  });

  it("masks what errors, notices, parameters and notifications quote", async () => {
    plan = masks({ 2: { method: "redact" } });
    const client = await RawPostgres.open(through);
    const failed = await client.query("select email::int from customers where id = 1");
    expect(Buffer.concat(failed.map(({ body }) => body)).toString()).not.toContain("jane1");
    expect(field(failed, "C")).toBe("22P02");
    const notice = await client.query("do $$ begin raise notice 'it is jane1@example.com'; end $$");
    expect(Buffer.concat(notice.map(({ body }) => body)).toString()).not.toContain("jane1");
    const setting = await client.query("select set_config('application_name', 'jane1@example.com', false)");
    expect(Buffer.concat(setting.map(({ body }) => body)).toString()).not.toContain("jane1");
    await client.query("listen news");
    const news = await client.query("notify news, 'jane1@example.com'");
    expect(Buffer.concat([...news, ...client.rest()].map(({ body }) => body)).toString()).not.toContain("jane1");
    client.close();
  });

  it("masks what a deferred constraint says at COMMIT, though the COMMIT itself has no mask", async () => {
    await server.query(
      "create table deferred (email text unique deferrable initially deferred); insert into deferred values ('jane1@example.com')",
    );
    const client = await RawPostgres.open(through);
    plan = masks({});
    await client.query("begin");
    await client.query("insert into deferred select email from customers where id = 1");
    plan = null;
    const failed = await client.query("commit");
    expect(field(failed, "C")).toBe("23505");
    expect(Buffer.concat(failed.map(({ body }) => body)).toString()).not.toContain("jane1");
    client.close();
  });

  describe("COPY", () => {
    const psql = async (sql: string) => {
      const args = ["-X", "-h", through.host, "-p", String(through.port), "-c", sql];
      return (
        await run("psql", args, { env: { ...process.env, PGSSLMODE: "disable", PGUSER: "ada" }, maxBuffer: 64 << 20 })
      ).stdout;
    };
    const columns = () => ["1", "2", "3", "4", "5"].map((number) => `${oid}.${number}`);

    it("splits text into columns", async () => {
      plan = masks({ 2: { method: "redact" }, 4: { method: "redact" }, 5: { method: "partial" } }, { copy: columns() });
      const lines = (await psql("copy customers to stdout")).trimEnd().split("\n");
      expect(lines).toHaveLength(1000);
      expect(lines[0]).toBe("1\t***\tname 1\t0\tt***1");
      expect(lines[1]).toBe("2\t***\tname 2\t0\t\\N");
    });

    it("splits text with options of its own", async () => {
      plan = masks({ 2: { method: "fixed", value: "a|b\\c" } }, { copy: columns() });
      const [line] = (await psql("copy customers to stdout with (delimiter '|', null 'none')")).split("\n");
      expect(line).toBe("1|a\\|b\\\\c|name 1|100000001|tab\\tnew\\nline\\\\1");
    });

    it("splits csv, with its quotes and header", async () => {
      plan = masks({ 2: { method: "fixed", value: 'say "hi", you' } }, { copy: columns() });
      const text = await psql("copy customers to stdout with csv header");
      expect(
        text.startsWith('id,email,name,ssn,note\n1,"say ""hi"", you",name 1,100000001,"tab\tnew\nline\\1"\n2,'),
      ).toBe(true);
    });

    it("splits binary", async () => {
      plan = masks({ 2: { method: "redact" }, 4: { method: "redact" } }, { copy: columns() });
      const client = await RawPostgres.open(through);
      const replies = await client.query(
        "copy (select id, email, ssn from customers where id < 3 order by id) to stdout (format binary)",
      );
      client.close();
      const data = Buffer.concat(replies.filter(({ type }) => type === "d").map(({ body }) => body));
      expect(data.toString("latin1")).not.toContain("jane");
      expect(data.subarray(0, 11).toString("latin1")).toBe("PGCOPY\n\xff\r\n\0");
      expect(data.subarray(-2)).toEqual(Buffer.from([0xff, 0xff]));
      expect(data.subarray(19, 19 + 2 + 8 + 7 + 8).toString("hex")).toBe(
        "0003" + "0000000400000001" + "000000032a2a2a" + "0000000400000000",
      );
    });

    it("learns the columns of a query, and hides what is of none", async () => {
      plan = masks({ 2: { method: "redact" } });
      expect(await psql("copy (select id, email, upper(email), id * 2 from customers where id = 1) to stdout")).toBe(
        "1\t***\t***\t0\n",
      );
      const raw = await RawPostgres.open(through);
      raw.send(
        encodeParse("", "copy (select email from customers where id = 1) to stdout"),
        encodeBind("", ""),
        encodeExecute(""),
        encodeSync(),
      );
      const replies = await raw.until("Z");
      expect(types(replies)).toBe("12HdcCZ");
      expect(replies.find(({ type }) => type === "d")!.body.toString()).toBe("***\n");
      raw.close();
    });

    it("ends rather than passing a form that it cannot split", async () => {
      plan = masks({ 2: { method: "redact" } }, { copy: columns() });
      const client = await RawPostgres.open(through);
      client.send(encodeQuery("select 1; copy customers to stdout"));
      const replies = await client.until("none");
      expect(Buffer.concat(replies.map(({ body }) => body)).toString()).not.toContain("jane");
      expect(field(replies, "M")).toMatch(/cannot be masked/);
    });
  });
});

/** Has the server read a value in the binary format of its type. */
async function receives(server: PostgresServer, type: string, value: Buffer): Promise<void> {
  const client = new pg.Client({
    host: server.folder,
    port: server.port,
    user: server.user,
    database: server.database,
  });
  await client.connect();
  try {
    await client.query("begin");
    await client.query(`create temp table received (v ${type})`);
    const header = Buffer.concat([Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), Buffer.alloc(8)]);
    const size = Buffer.alloc(6);
    size.writeInt16BE(1);
    size.writeInt32BE(value.length, 2);
    const rows = Buffer.concat([header, size, value, Buffer.from([0xff, 0xff])]);
    await copyIn(client, "copy received from stdin (format binary)", rows);
    await client.query("rollback");
  } finally {
    await client.end();
  }
}

function copyIn(client: pg.Client, sql: string, data: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query({
      text: sql,
      submit(connection: { query(text: string): void }) {
        connection.query(sql);
      },
      handleCopyInResponse(connection: { sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void }) {
        connection.sendCopyFromChunk(data);
        connection.endCopyFrom();
      },
      handleCommandComplete() {},
      handleReadyForQuery: () => resolve(),
      handleError: (error: Error) => reject(error),
    } as never);
  });
}
