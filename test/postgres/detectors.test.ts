import { execFile } from "node:child_process";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withScan } from "../../src/masking/index.js";
import { encodeBind, encodeExecute, encodeParse, encodeSync } from "../../src/protocols/postgres/codec/frontend.js";
import { detectorGroups, type Mask, type MaskPlan, type ScanRule } from "../../src/vocabulary/index.js";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.js";
import { type Say, servePostgresThrough, type Through, testFacts } from "../support/postgres-through.js";
import { cells, field, RawPostgres, rowOf } from "../support/raw-postgres.js";

const run = promisify(execFile);

const columns: Readonly<Record<string, string>> = {
  id: "int4",
  plain: "text",
  words: "varchar(80)",
  doc: "json",
  docb: "jsonb",
  page: "xml",
  tags: "text[]",
  docs: "jsonb[]",
  row: "person",
  rows: "person[]",
  raw: "bytea",
  number: "numeric",
  since: "timestamptz",
  uid: "uuid",
};

/** Every value says the same two things in its own way: an address and a card. */
const insert = `insert into hidden values (1,
  'write to jane@example.com or use 4111 1111 1111 1111, thanks', 'jane@example.com',
  '{"mail": "jane\\u0040example.com", "card": 4111111111111111, "n": [1, "x"]}',
  '{"mail": "jane@example.com", "deep": {"text": "{\\"m\\": \\"jane\\\\u0040example.com\\"}"}, "n": 1}',
  '<p>jane&#64;example.com</p>', array['one', 'jane@example.com', 'it''s "x"'],
  array['{"m": "jane@example.com"}'::jsonb], row('jane@example.com', '4111 1111 1111 1111')::person,
  array[row('jane@example.com', 'it is "x"')::person], 'jane@example.com'::bytea, 4111111111111111,
  '2024-01-31 12:34:56.789+00', '550e8400-e29b-41d4-a716-446655440000'),
  (2, 'nothing here, 2024-01-31 12:34', 'v 1.2.3', '{"a": 1}', '{"b": [true, null]}', '<p>x</p>', '{a,"b c"}', '{}',
  row('a', 'b')::person, '{}', '\\x00ff', 1.5, now(), '550e8400-e29b-41d4-a716-446655440000'),
  (3, null, null, null, null, null, null, null, null, null, null, null, null, null)`;

describe.each([15, 18] as const)("detectors on the wire of PostgreSQL %i", (version) => {
  if (!hasPostgres(version)) {
    it(`has no PostgreSQL ${version} to try them on here`, () => expect(hasPostgres(version)).toBe(false));
    return;
  }
  let server: PostgresServer;
  let through: Through;
  let plan: MaskPlan | null = null;

  const scans = (mask: Mask, more: Partial<ScanRule> = {}): MaskPlan | null =>
    withScan(
      null,
      [{ rule: "r", detect: detectorGroups.all, patterns: [], mask, keys: false, bytes: false, ...more }],
      null,
    );
  const psql = async (sql: string) => {
    const args = ["-X", "-q", "-h", through.host, "-p", String(through.port), "-c", sql];
    return (await run("psql", args, { env: { ...process.env, PGSSLMODE: "disable", PGUSER: "ada" } })).stdout;
  };
  const detected = () => {
    const note = through.notes.findLast((one) => one.kind === "finished");
    return note?.kind === "finished" ? note.detected : undefined;
  };

  beforeAll(async () => {
    server = await startPostgres({
      version,
      sql: `create type person as (mail text, about text);
        create table hidden (${Object.entries(columns)
          .map(([name, type]) => `${name} ${type}`)
          .join(", ")});
        ${insert}`,
    });
    through = await servePostgresThrough({
      server,
      judge: (ask): Say => {
        const copy = /^copy \((.*)\) to/is.exec(ask.text);
        return { allow: true, masks: plan, analysis: { ...testFacts(ask.text), copyQuery: copy?.[1] ?? null } };
      },
    });
  });
  afterAll(async () => {
    await through?.stop();
    await server?.stop();
  });

  it("masks what is found where it stands, and counts it", async () => {
    plan = scans({ method: "redact" });
    const client = await RawPostgres.open(through);
    const names = Object.keys(columns).filter((name) => !["raw", "number", "since", "uid"].includes(name));
    const [row, nothing, nulls] = cells(await client.query(`select ${names.join(", ")} from hidden order by id`));
    expect(Object.fromEntries(names.map((name, i) => [name, row![i]]))).toEqual({
      id: "1",
      plain: "write to *** or use ***, thanks",
      words: "***",
      doc: '{"mail": "***", "card": "***", "n": [1, "x"]}',
      docb: '{"n": 1, "deep": {"text": "{\\"m\\": \\"***\\"}"}, "mail": "***"}',
      page: "***",
      tags: '{one,***,"it\'s \\"x\\""}',
      docs: '{"{\\"m\\": \\"***\\"}"}',
      row: '(***,"***")',
      rows: '{"(***,\\"it is \\"\\"x\\"\\"\\")"}',
    });
    expect(detected()).toEqual({ email: 10, card: 3 });
    expect(through.notes.findLast((note) => note.kind === "finished")).toMatchObject({ maskedCells: 9 });
    const [direct, directNulls] = (
      await server.query(`select ${names.map((n) => `${n}::text`).join(", ")} from hidden where id > 1 order by id`)
    ).rows;
    expect(nothing).toEqual(names.map((name) => direct[name]));
    expect(nulls).toEqual(names.map((name) => directNulls[name]));
    client.close();
  });

  it("leaves a result without hits byte for byte, and the session's way as it was", async () => {
    const sql = "select * from hidden where id = 2";
    plan = null;
    const client = await RawPostgres.open(through);
    const before = Buffer.concat((await client.query(sql)).map(({ body }) => body));
    plan = scans({ method: "redact" });
    expect(Buffer.concat((await client.query(sql)).map(({ body }) => body)).equals(before)).toBe(true);
    expect(detected()).toBeUndefined();
    client.close();
  });

  it("keeps JSON JSON, arrays arrays and rows rows, whatever the mask shows", async () => {
    const client = await RawPostgres.open(through);
    for (const mask of [
      { method: "fixed", value: 'say "hi", \\ {you}' },
      { method: "partial" },
      { method: "hash" },
      { method: "tokenize", purpose: "test" },
      { method: "null" },
    ] satisfies Mask[]) {
      plan = scans(mask);
      const [row] = cells(await client.query("select doc, docb, tags, docs, row, rows from hidden where id = 1"));
      expect(JSON.stringify(row)).not.toContain("jane");
      const types = ["json", "jsonb", "text[]", "jsonb[]", "person", "person[]"];
      for (const [i, type] of types.entries()) {
        const value = row![i];
        // The server itself reads each of them back.
        if (value !== null && value !== undefined)
          await server.query(`select '${value.replaceAll("'", "''")}'::${type}::text`);
      }
    }
    client.close();
  });

  it("masks binary results, and they stay values of their types", async () => {
    plan = scans({ method: "redact" }, { bytes: true });
    const client = await RawPostgres.open(through);
    const names = Object.keys(columns).filter((name) => name !== "page");
    const bind = encodeBind("", "", []);
    const binary = Buffer.concat([bind.subarray(0, bind.length - 2), Buffer.from([0, 1, 0, 1])]);
    binary.writeInt32BE(binary.length - 1, 1);
    client.send(
      encodeParse("", `select ${names.join(", ")} from hidden where id = 1`),
      binary,
      encodeExecute(""),
      encodeSync(),
    );
    const replies = await client.until("Z");
    client.close();
    const row = rowOf(replies.find(({ type }) => type === "D")!.body);
    expect(Buffer.concat(row.map((cell) => cell ?? Buffer.alloc(0))).toString("latin1")).not.toContain("jane");
    const shown = new Map(names.map((name, i) => [name, row[i]]));
    expect(shown.get("words")!.toString()).toBe("***");
    expect(shown.get("docb")![0]).toBe(1);
    expect(JSON.parse(shown.get("docb")!.subarray(1).toString())).toMatchObject({ mail: "***" });
    expect(shown.get("raw")!.toString()).toBe("***");
    // Each is sent back as a parameter in binary, which the server reads as its type.
    const { host, port, user, password, database } = server;
    const direct = new pg.Client({ host, port, user, password, database });
    await direct.connect();
    try {
      for (const name of ["tags", "docs", "row", "rows", "docb", "doc"]) {
        // Buffers go out in binary.
        const { rows } = await direct.query(`select $1::${columns[name]} as x`, [shown.get(name)]);
        expect(JSON.stringify(rows[0].x), name).toContain("***");
      }
    } finally {
      await direct.end();
    }
  });

  it("masks COPY in text, csv and binary", async () => {
    plan = scans({ method: "redact" });
    const names = "id, plain, doc, tags, row";
    expect(await psql(`copy (select ${names} from hidden where id = 1) to stdout`)).toBe(
      '1\twrite to *** or use ***, thanks\t{"mail": "***", "card": "***", "n": [1, "x"]}\t{one,***,"it\'s \\\\"x\\\\""}\t(***,"***")\n',
    );
    const csv = await psql(`copy (select ${names} from hidden order by id) to stdout with csv header`);
    expect(csv.split("\n")[1]).toContain('1,"write to *** or use ***, thanks","{""mail"": ""***""');
    expect(csv).not.toContain("jane");
    // Without a description of its columns every one is looked at as a text.
    const table = await psql("copy hidden (id, plain, words) to stdout");
    expect(table.split("\n")[0]).toBe("1\twrite to *** or use ***, thanks\t***");
    const client = await RawPostgres.open(through);
    const binary = await client.query(`copy (select ${names} from hidden order by id) to stdout (format binary)`);
    const bytes = Buffer.concat(binary.filter(({ type }) => type === "d").map(({ body }) => body));
    expect(bytes.toString("latin1")).not.toContain("jane");
    expect(bytes.toString("latin1")).toContain("write to *** or");
    expect(bytes.subarray(-2)).toEqual(Buffer.from([0xff, 0xff]));
    client.close();
  });

  it("masks what errors, notices, settings and notifications quote, in its place", async () => {
    plan = scans({ method: "redact" });
    const client = await RawPostgres.open(through);
    const failed = await client.query("select plain::int from hidden where id = 1");
    expect(field(failed, "M")).toContain('"write to *** or use ***, thanks"');
    expect(field(failed, "C")).toBe("22P02");
    expect(detected()).toEqual({ email: 1, card: 1 });
    const notice = await client.query("do $$ begin raise notice 'it is %', 'jane@example.com'; end $$");
    expect(field(notice, "M", "N")).toBe("it is ***");
    const setting = await client.query("select set_config('application_name', 'jane@example.com', false)");
    expect(Buffer.concat(setting.map(({ body }) => body)).toString()).not.toContain("jane");
    await client.query("listen news");
    const news = [...(await client.query("notify news, 'jane@example.com'")), ...client.rest()];
    expect(Buffer.concat(news.map(({ body }) => body)).toString()).not.toContain("jane");
    client.close();
  });

  it("leaves to a column's own rule what it masks, and looks at the rest", async () => {
    const oid = (await server.query("select 'hidden'::regclass::oid as oid")).rows[0].oid as number;
    plan = withScan(
      {
        columns: new Map([[`${oid}.3`, { method: "fixed", value: "by rule" }]]),
        proven: new Set([String(oid)]),
        others: null,
        text: null,
        copy: null,
      },
      scans({ method: "redact" })!.scan!.rules,
      null,
    );
    const client = await RawPostgres.open(through);
    expect(cells(await client.query("select words, plain from hidden where id = 1"))).toEqual([
      ["by rule", "write to *** or use ***, thanks"],
    ]);
    client.close();
  });

  it("finds by a pattern of the user's own, in names of members too where the rule says so", async () => {
    plan = scans(
      { method: "redact" },
      { detect: [], patterns: [{ name: "staff", pattern: "^E-[0-9]{4}$" }], keys: true },
    );
    const client = await RawPostgres.open(through);
    expect(
      cells(await client.query(`select 'E-1234', 'x E-1234', '{"a": "E-1234", "E-1234": "é E-1234"}'::json`)),
    ).toEqual([["***", "x E-1234", '{"a": "***", "***": "é E-1234"}']]);
    expect(detected()).toEqual({ staff: 3 });
    client.close();
  });

  it("masks a cell of some megabytes, and one that is too long whole", async () => {
    plan = scans({ method: "redact" });
    const client = await RawPostgres.open(through);
    const [found] = cells(
      await client.query(
        "select repeat('lorem ipsum ', 300000) || 'jane@example.com' || repeat(' dolor', 100), repeat('x ', 5000000)",
      ),
    );
    const [long, longer] = found!;
    expect(long).toMatch(/ipsum \*\*\* dolor/);
    expect(longer).toBe("***");
    expect(detected()).toEqual({ email: 1, oversized: 1 });
    client.close();
  });

  it("gives the same tokens in text and binary and in other sessions, of the same types", async () => {
    const oid = (await server.query("select 'hidden'::regclass::oid as oid")).rows[0].oid as number;
    const mask: Mask = { method: "tokenize", purpose: "test" };
    plan = {
      columns: new Map(
        ["id", "plain", "words", "uid", "number"].map((name) => [
          `${oid}.${Object.keys(columns).indexOf(name) + 1}`,
          name === "words" ? { ...mask, as: "email" as const } : mask,
        ]),
      ),
      proven: new Set([String(oid)]),
      others: null,
      text: null,
      copy: null,
    };
    const sql = "select id, words, uid, number from hidden where id = 1";
    const first = await RawPostgres.open(through);
    const [row] = cells(await first.query(sql));
    first.close();
    expect(row![0]).toMatch(/^[0-9]{1,10}$/);
    expect(row![0]).not.toBe("1");
    expect(row![1]).toMatch(/^x[0-9a-f]{20}@example\.invalid$/);
    expect(row![2]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    const second = await RawPostgres.open(through);
    expect(cells(await second.query(sql))).toEqual([row]);
    const bind = encodeBind("", "", []);
    const binary = Buffer.concat([bind.subarray(0, bind.length - 2), Buffer.from([0, 1, 0, 1])]);
    binary.writeInt32BE(binary.length - 1, 1);
    second.send(encodeParse("", sql), binary, encodeExecute(""), encodeSync());
    const cellsOf = rowOf((await second.until("Z")).find(({ type }) => type === "D")!.body);
    second.close();
    expect(String(cellsOf[0]!.readInt32BE())).toBe(row![0]);
    expect(cellsOf[2]!.toString("hex")).toBe(row![2]!.replaceAll("-", ""));
  });
});
