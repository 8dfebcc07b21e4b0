import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { encodeQuery, encodeSync } from "../../src/protocols/postgres/codec/frontend.js";
import type { MaskPlan } from "../../src/vocabulary/index.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { type Say, servePostgresThrough, type Through, testFacts } from "../support/postgres-through.js";
import { cells, field, RawPostgres, types } from "../support/raw-postgres.js";

/** `select reverse(…)` of the system, without SQL. */
const reverse = 3062;

function functionCall(oid: number, ...values: string[]): Buffer {
  const parts = values.map((value) => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  });
  const head = Buffer.alloc(13);
  head.write("F");
  head.writeInt32BE(12 + 2 + Buffer.concat(parts).length, 1);
  head.writeUInt32BE(oid, 5);
  head.writeUInt16BE(0, 9);
  head.writeUInt16BE(values.length, 11);
  return Buffer.concat([head, ...parts, Buffer.alloc(2)]);
}

function queryOf(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + bytes.length + 1);
  return Buffer.concat([Buffer.from("Q"), length, bytes, Buffer.alloc(1)]);
}

describe("requests that are no ordinary statement", () => {
  let server: PostgresServer;
  let through: Through;
  beforeAll(async () => {
    server = await startPostgres({ sql: "create table t (a int)" });
  });
  afterEach(async () => through.stop());
  afterAll(async () => server.stop());

  const connect = async (judge: (text: string) => Say): Promise<RawPostgres> => {
    through = await servePostgresThrough({ server, judge: (ask) => judge(ask.text) });
    return RawPostgres.open(through);
  };
  const allow = (text: string): Say => ({ allow: true, analysis: testFacts(text) });
  const result = (messages: readonly { readonly type: string; readonly body: Buffer }[]): string | null => {
    const body = messages.find(({ type }) => type === "V")!.body;
    return body.readInt32BE(0) < 0 ? null : body.subarray(4).toString();
  };

  describe("a function call of the protocol's own", () => {
    it("is judged by the function's id, not taken for SQL, and answered", async () => {
      const client = await connect(allow);
      client.send(functionCall(reverse, "quiet"));
      const told = await client.until("Z");
      expect(types(told)).toBe("VZ");
      expect(result(told)).toBe("teiuq");
      expect(through.asks.map(({ text, values }) => [text, String(values?.[0])])).toEqual([
        [`FunctionCall ${reverse}`, "quiet"],
      ]);
      expect(cells(await client.query("select 1"))).toEqual([["1"]]);
      client.close();
    });

    it("is refused like a statement, and the transaction lives", async () => {
      const client = await connect((text) =>
        text.startsWith("FunctionCall") ? { deny: "no calls here" } : allow(text),
      );
      await client.query("begin");
      client.send(functionCall(reverse, "quiet"));
      const told = await client.until("Z");
      expect(types(told)).toBe("EZ");
      expect(field(told, "C")).toBe("42501");
      expect(told.at(-1)!.body.toString()).toBe("T");
      expect(types(await client.query("commit"))).toBe("CZ");
      client.close();
    });

    it("is masked where anything is: nobody can say what it returns", async () => {
      const masks: MaskPlan = {
        columns: new Map(),
        proven: new Set(),
        others: { method: "redact" },
        text: { method: "redact" },
        copy: null,
      };
      const client = await connect((text) => (text.startsWith("FunctionCall") ? { allow: true, masks } : allow(text)));
      client.send(functionCall(reverse, "secret"));
      const told = await client.until("Z");
      expect(types(told)).toBe("VZ");
      expect(String(result(told))).not.toContain("terces");
      client.close();
    });

    it("that fails has the target's error, and one that breaks off ends the session", async () => {
      const client = await connect(allow);
      client.send(functionCall(1, "x"));
      const told = await client.until("Z");
      expect(types(told)).toBe("EZ");
      expect(field(told, "M")).not.toMatch(/hoop/);
      expect(cells(await client.query("select 2"))).toEqual([["2"]]);
      const lies = functionCall(reverse, "x");
      lies.writeUInt16BE(60_000, 11);
      client.send(lies);
      expect(field(await client.until("none"), "C")).toBe("08P01");
    });
  });

  describe("a text that is not of the session's encoding", () => {
    it.each([
      ["a lone byte", Buffer.from([0xff])],
      ["a cut sequence", Buffer.from([0xe2, 0x82])],
      ["an overlong quote", Buffer.from([0xc0, 0xa7])],
      ["a surrogate", Buffer.from([0xed, 0xa0, 0x80])],
    ])("%s: refused before anybody reads it, and the session lives", async (_what, bytes) => {
      const client = await connect(allow);
      client.send(queryOf(Buffer.concat([Buffer.from("select '"), bytes, Buffer.from("'; drop table t --'")])));
      const told = await client.until("Z");
      expect(types(told)).toBe("EZ");
      expect(field(told, "C")).toBe("22021");
      expect(through.asks).toEqual([]);
      expect(cells(await client.query("select count(*) from t"))).toEqual([["0"]]);
      client.close();
    });

    it("is read in the encoding that the session has by then", async () => {
      const client = await connect(allow);
      await client.query("set client_encoding = latin1");
      client.send(queryOf(Buffer.from("select 'é' = U&'\\00e9'", "latin1")));
      expect(cells(await client.until("Z"))).toEqual([["t"]]);
      expect(through.asks.at(-1)!.text).toBe("select 'é' = U&'\\00e9'");
      client.close();
    });
  });

  it("an empty query, only semicolons and comments are answered as the server does", async () => {
    const client = await connect(allow);
    for (const text of ["", ";", " ;; ", "-- nothing", "/* nothing */"])
      expect(types(await client.query(text)), text).toBe("IZ");
    client.send(encodeSync(), encodeSync(), encodeQuery("select 1"));
    expect(types([...(await client.until("Z")), ...(await client.until("Z")), ...(await client.until("Z"))])).toBe(
      "ZZTDCZ",
    );
    client.close();
  });
});
