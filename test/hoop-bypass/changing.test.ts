import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { defaultPolicy } from "../../src/policy/defaults.js";
import {
  encodeBind,
  encodeDescribe,
  encodeExecute,
  encodeFlush,
  encodeParse,
  encodeSync,
} from "../../src/protocols/postgres/codec/frontend.js";
import { allowAll, type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { type RawMessage, RawPostgres } from "../support/raw-postgres.js";
import { canary, seed } from "./seed.js";

/** Somebody who may define things, so that only masks stand. */
const policy = [allowAll, ...defaultPolicy.split("\n---\n").filter((part) => /kind: mask/.test(part))].join("\n---\n");

/** A lock that it does not have yet makes the target look at what others have changed meanwhile. */
const harmless = `create or replace function turns(int) returns text language plpgsql volatile as $$
  begin if $1 > 1 then perform 1 from public.notes; end if; return 'x'; end $$`;
const telling = `create or replace function turns(int) returns text language plpgsql volatile as $$
  begin return (select max(email) from public.customers); end $$`;

const text = (messages: readonly RawMessage[]): string =>
  messages.map(({ body }) => body.toString("latin1")).join("\n");

function nothingIn(messages: readonly RawMessage[]): void {
  const bytes = text(messages);
  const at = bytes.search(canary);
  const seen = at < 0 ? "" : bytes.slice(Math.max(0, at - 60), at + 60).replace(/[^\x20-\x7e]/g, ".");
  expect(seen, "a canary came through").toBe("");
}

describe("what is read of a statement no longer holds when it runs", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  const open: RawPostgres[] = [];
  beforeAll(async () => {
    target = await startPostgres({ version: 15, auth: "trust" });
    await target.query(seed(target.folder, target.port));
    hoop = await startHoop({ target, policy });
  });
  afterAll(async () => {
    await hoop?.stop();
    await target?.stop();
  });
  beforeEach(async () => {
    for (const one of open.splice(0)) one.close();
    await target.query(harmless);
  });

  async function session(): Promise<RawPostgres> {
    const raw = await RawPostgres.open(hoop, { database: "app" });
    open.push(raw);
    // Until the definition that was just set back is known.
    await raw.query("create or replace view harmless as select id, name from customers");
    return raw;
  }

  const one = (portal: string): Buffer => {
    const frame = encodeExecute(portal);
    frame.writeInt32BE(1, frame.length - 4);
    return frame;
  };

  it("a portal, after its own session has changed a function that it calls", async () => {
    const raw = await session();
    await raw.query("begin");
    raw.send(encodeParse("s", "select turns(id) from orders"), encodeBind("p", "s"), one("p"), encodeSync());
    const first = await raw.until("Z");
    await raw.query(telling);
    raw.send(encodeExecute("p"), encodeSync());
    nothingIn([...first, ...(await raw.until("Z"))]);
  });

  it("a portal, changed in the very same pipeline", async () => {
    const raw = await session();
    raw.send(
      encodeParse("s", "select turns(id) from orders"),
      encodeBind("p", "s"),
      encodeParse("", telling),
      encodeBind("", ""),
      encodeExecute(""),
      encodeExecute("p"),
      encodeSync(),
    );
    nothingIn(await raw.until("Z"));
  });

  it("a portal, after another session has changed it", async () => {
    const [raw, other] = [await session(), await session()];
    await raw.query("begin");
    raw.send(encodeParse("s", "select turns(id) from orders"), encodeBind("p", "s"), one("p"), encodeSync());
    const first = await raw.until("Z");
    await other.query(telling);
    raw.send(encodeExecute("p"), encodeSync());
    nothingIn([...first, ...(await raw.until("Z"))]);
  });

  it("a portal, after the search path has changed under a function that it calls", async () => {
    const raw = await session();
    await raw.query(
      "create or replace function paths() returns setof text language plpgsql volatile as $$ begin return query select note from orders; end $$",
    );
    await raw.query(
      "create schema if not exists aside; create or replace view aside.orders as select email as note from public.customers",
    );
    await raw.query("begin");
    raw.send(encodeParse("s", "select paths()"), encodeBind("p", "s"), encodeSync());
    const first = await raw.until("Z");
    await raw.query("set local search_path = aside");
    raw.send(encodeExecute("p"), encodeSync());
    nothingIn([...first, ...(await raw.until("Z"))]);
  });

  it("a cursor, after its own session has changed it", async () => {
    const raw = await session();
    const said = [await raw.query("begin"), await raw.query("declare c cursor for select turns(id) from orders")];
    said.push(await raw.query("fetch 1 from c"), await raw.query(telling), await raw.query("fetch all from c"));
    nothingIn(said.flat());
  });

  it("a cursor, after another session has changed it", async () => {
    const [raw, other] = [await session(), await session()];
    const said = [await raw.query("begin"), await raw.query("declare c cursor for select turns(id) from orders")];
    said.push(await raw.query("fetch 1 from c"), await other.query(telling), await raw.query("fetch all from c"));
    nothingIn(said.flat());
  });

  it("a definition that only a Sync commits", async () => {
    const [raw, other] = [await session(), await session()];
    raw.send(encodeParse("", telling), encodeBind("", ""), encodeExecute(""), encodeFlush());
    await raw.until("C");
    // Reads the catalogue as it is for everybody else: unchanged.
    expect(text(await other.query("select turns(1)"))).toContain("x");
    raw.send(encodeSync());
    await raw.until("Z");
    nothingIn(await other.query("select turns(1)"));
  });

  it("a definition that is committed while others wait, by the last statement of its session", async () => {
    const [raw, other] = [await session(), await session()];
    await raw.query("begin");
    await raw.query(telling);
    await other.query("select turns(1)");
    await raw.query("commit");
    nothingIn(await other.query("select turns(1)"));
  });

  it("what was prepared under SQL, after another session has changed it", async () => {
    const [raw, other] = [await session(), await session()];
    const said = [await raw.query("prepare p as select turns(1)"), await raw.query("execute p")];
    said.push(await other.query(telling), await raw.query("execute p"));
    raw.send(encodeBind("", "p"), encodeDescribe("portal", ""), encodeExecute(""), encodeSync());
    said.push(await raw.until("Z"));
    nothingIn(said.flat());
  });
});
