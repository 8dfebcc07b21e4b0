import { writeFileSync } from "node:fs";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultPolicy } from "../../src/policy/defaults.js";
import {
  encodeBind,
  encodeClose,
  encodeDescribe,
  encodeExecute,
  encodeParse,
  encodeQuery,
  encodeSync,
} from "../../src/protocols/postgres/codec/frontend.js";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { field, RawPostgres } from "../support/raw-postgres.js";
import { closed } from "./closed.js";
import { defining, halves } from "./defining.js";
import { quiet, reading } from "./reading.js";
import { canary, seed } from "./seed.js";
import { type Outcome, play, type Reached, type Trick } from "./trick.js";
import { writing } from "./writing.js";

/**
 * The default rules, but for conditions on masked columns: refused, as they are by default, most tricks would never get to the masks
 * that have to stand without that. `test/lineage/deciding.test.ts` is about the refusals.
 */
const policy = defaultPolicy.replaceAll(/^( {2}mask: )/gm, "  predicates: allow\n$1");

/** With it every trick that defines something is also proven to work where Hoop is not in between; takes a minute more. */
const thorough = process.env.BYPASS_CONTROL === "1";

let target: PostgresServer;
let hoop: RunningHoop;
let databases = 0;

async function sql(database: string, text: string): Promise<void> {
  const client = new pg.Client({ host: target.folder, port: target.port, user: "postgres", database });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

async function freshDatabase(): Promise<string> {
  const name = `t${++databases}`;
  await sql("postgres", `create database ${name} template seed`);
  return name;
}

const direct = (): Pick<Reached, "host" | "port"> => ({ host: target.host, port: target.port });

async function tryOut(at: Pick<Reached, "host" | "port" | "user">, trick: Trick, database: string): Promise<Outcome> {
  const fill = (step: string): string =>
    step
      .replaceAll("@folder@", target.folder)
      .replaceAll("@port@", String(target.port))
      .replaceAll("@database@", database);
  return play(trick.slice(1).map(fill), { ...at, database }, (text) => sql(database, text));
}

function judge([expected]: Trick, outcome: Outcome): void {
  const at = outcome.bytes.search(canary);
  const seen = at < 0 ? "" : outcome.bytes.slice(Math.max(0, at - 60), at + 60).replace(/[^\x20-\x7e]/g, ".");
  expect(seen, "a canary came through").toBe("");
  if (expected === "refused")
    expect(outcome.refusals.length, `nothing was refused; errors: ${outcome.errors.join("; ")}`).toBeGreaterThan(0);
  if (expected === "masked") expect(outcome.refusals, "refused, though masks would do").toEqual([]);
}

const mayDefine = `
apiVersion: hoop/v1
kind: access
metadata: { name: nearly-everything }
spec: { who: { group: engineers }, where: everywhere, effects: [read, write, define, destroy, admin, execute, connect, unknown] }
---
${defaultPolicy
  .split("\n---\n")
  .filter((part) => /kind: mask/.test(part))
  .join("\n---\n")}`;

const titled = (tricks: readonly Trick[]) =>
  tricks.map((trick) => [trick.slice(1).join(" ⏎ ").slice(0, 300), trick] as const);

beforeAll(async () => {
  // Each database keeps a warm reader of Hoop's for a while.
  target = await startPostgres({
    version: 15,
    auth: "trust",
    settings: { max_prepared_transactions: "2", max_connections: "400" },
  });
  await sql("postgres", "create database seed");
  await sql("seed", seed(target.folder, target.port));
  await sql("postgres", "drop database app");
  await sql("postgres", "create database app template seed");
  hoop = await startHoop({ target, policy, groups: ["engineers", "writers"] });
});

afterAll(async () => {
  await hoop?.stop();
  await target?.stop();
});

describe("reading, by an owner of the tables", () => {
  it.each(titled([...reading, ...quiet]))("%s", async (_, trick) => judge(trick, await tryOut(hoop, trick, "app")));
});

describe("the same without Hoop shows what nobody may see", () => {
  it.each(titled(reading))("%s", async (_, trick) =>
    expect((await tryOut(direct(), trick, "app")).bytes).toMatch(canary),
  );
});

describe("writing, by an owner of the tables", () => {
  it.each(titled(writing))("%s", async (_, trick) => judge(trick, await tryOut(hoop, trick, "app")));
});

describe("a login that may not use a schema", () => {
  let least: Pick<Reached, "host" | "port">;
  beforeAll(async () => {
    await hoop.hoop(
      "admin",
      [
        "connections",
        "add",
        "least",
        "--host",
        target.host,
        "--port",
        String(target.port),
        "--agent",
        "site",
        "--user",
        "clerk",
        "--target",
        "database=app",
        "--tls",
        "disable",
        "--password-stdin",
      ],
      "clerk",
    );
    least = await hoop.place("least");
  });
  it.each(titled(closed))("%s", async (_, trick) => judge(trick, await tryOut(least, trick, "app")));
  it.each(titled(closed))("shown without Hoop: %s", async (_, trick) =>
    expect((await tryOut({ ...direct(), user: "clerk" }, trick, "app")).bytes).toMatch(canary),
  );
});

describe("the extended protocol, byte by byte", () => {
  const session = (): Promise<RawPostgres> => RawPostgres.open(hoop, { database: "app" });
  const text = (messages: readonly { body: Buffer }[]): string =>
    messages.map(({ body }) => body.toString("latin1")).join("\n");

  it("a named statement means what it means when it is bound", async () => {
    const raw = await session();
    raw.send(encodeParse("s", "select label from mails_twice_now"), encodeSync());
    await raw.until("Z");
    raw.send(
      encodeParse("t", "select note from orders"),
      encodeClose("statement", "t"),
      encodeParse("t", "select upper(email) from customers"),
      encodeBind("p", "t"),
      encodeExecute("p"),
      encodeSync(),
    );
    const first = await raw.until("Z");
    raw.send(encodeBind("", "t"), encodeExecute(""), encodeSync());
    const second = await raw.until("Z");
    expect(text([...first, ...second])).not.toMatch(canary);
    expect(text(second)).toContain("***");
    raw.close();
  });

  it("the search path changes between Parse and Bind", async () => {
    await sql(
      "app",
      "create schema later; create table later.orders as select id, email as note_mail, id as customer_id, email from customers",
    );
    const raw = await session();
    raw.send(encodeParse("s", "select o::text from orders o"), encodeSync());
    await raw.until("Z");
    await raw.query("set search_path = later");
    raw.send(encodeBind("", "s"), encodeDescribe("portal", ""), encodeExecute(""), encodeSync());
    expect(text(await raw.until("Z"))).not.toMatch(canary);
    raw.close();
  });

  it("the target's own definitions change between Parse and Bind", async () => {
    await sql("app", "create table swapped (id int, note text); insert into swapped values (1, 'x')");
    const raw = await session();
    raw.send(
      encodeParse("s", "select * from swapped"),
      encodeParse("u", "select s::text from swapped s"),
      encodeBind("", "s"),
      encodeExecute(""),
      encodeSync(),
    );
    await raw.until("Z");
    const other = await session();
    await other.query("select 1");
    await sql(
      "app",
      "create or replace function swap_note() returns text language sql as 'select max(email) from public.customers'",
    );
    raw.send(encodeBind("", "u"), encodeExecute(""), encodeSync());
    expect(text(await raw.until("Z"))).not.toMatch(canary);
    raw.close();
    other.close();
  });

  it("results in binary, in pieces, and after a refusal", async () => {
    const raw = await session();
    const binary = Buffer.from([0, 1, 0, 1]);
    const bound = encodeBind("p", "s");
    // The result formats are the last two bytes: none, so text. One format for all columns instead: binary.
    const inBinary = Buffer.concat([bound.subarray(0, -2), binary]);
    inBinary.writeInt32BE(inBinary.length - 1, 1);
    const piece = encodeExecute("p");
    piece.writeInt32BE(2, piece.length - 4);
    raw.send(
      encodeParse("s", "select email, card_number::numeric, ssn::bytea, c::text from customers c"),
      inBinary,
      piece,
      piece,
      encodeSync(),
    );
    const first = await raw.until("Z");
    raw.send(
      encodeQuery("begin"),
      bound,
      piece,
      encodeSync(),
      encodeQuery("insert into notes (body) select email from customers"),
    );
    const rest = [...(await raw.until("Z")), ...(await raw.until("Z")), ...(await raw.until("Z"))];
    raw.send(encodeExecute("p"), encodeSync());
    const last = await raw.until("Z");
    expect(text([...first, ...rest, ...last])).not.toMatch(canary);
    expect(first.filter(({ type }) => type === "D")).toHaveLength(4);
    expect(field(rest, "C")).toBe("42501");
    raw.close();
  });

  it("a function called by its id is refused", async () => {
    const raw = await session();
    const { rows } = await target.query("select oid from pg_proc where proname = 'mail_of'");
    const argument = Buffer.from([0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0x31, 0, 0]);
    const frame = Buffer.alloc(1 + 4 + 4 + argument.length);
    frame.write("F");
    frame.writeInt32BE(frame.length - 1, 1);
    frame.writeUInt32BE(Number(rows[0].oid), 5);
    argument.copy(frame, 9);
    raw.send(frame);
    const answer = await raw.until("Z");
    expect(field(answer, "C")).toBe("42501");
    expect(text(answer)).not.toMatch(canary);
    raw.close();
  });

  it("replication, which has a language of its own, is refused", async () => {
    const raw = await RawPostgres.open(hoop, null);
    const { encodeStartup } = await import("../../src/protocols/postgres/codec/startup.js");
    raw.send(encodeStartup(Object.entries({ user: "x", database: "app", replication: "database" })));
    const greeting = await Promise.race([raw.until("Z"), raw.until("E")]);
    const answer = raw.closed
      ? greeting
      : [
          ...greeting,
          ...(await raw.query("CREATE_REPLICATION_SLOT s TEMPORARY LOGICAL test_decoding").catch(() => [])),
        ];
    expect(answer.some(({ type }) => type === "E")).toBe(true);
    raw.close();
  });
});

describe("defining, where only masks stand", () => {
  beforeAll(async () => {
    writeFileSync(`${hoop.folder}/define.yaml`, mayDefine);
    await hoop.hoop("admin", ["apply", "-f", `${hoop.folder}/define.yaml`, "--prune", "--yes"]);
    // Until every gateway follows, which takes half a second at most.
    for (let tries = 0; ; tries++) {
      const { refusals } = await tryOut(hoop, ["safe", "create temp table now (a int)"], "app");
      if (refusals.length === 0) return;
      if (tries > 600) throw new Error("the new policy does not come into force");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
  it.each(titled([...defining, ...halves]))("%s", async (_, trick) =>
    judge(trick, await tryOut(hoop, trick, await freshDatabase())),
  );
});

if (thorough)
  describe("defining without Hoop", () => {
    it.each(titled(defining))("%s", async (_, trick) =>
      expect((await tryOut(direct(), trick, await freshDatabase())).bytes).toMatch(canary),
    );
  });
