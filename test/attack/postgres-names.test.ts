import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  encodeBind,
  encodeClose,
  encodeDescribe,
  encodeExecute,
  encodeParse,
  encodeSync,
} from "../../src/protocols/postgres/codec/frontend.js";
import type { MaskPlan } from "../../src/vocabulary/index.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { servePostgresThrough, type Through, testFacts } from "../support/postgres-through.js";
import { cells, field, RawPostgres, types } from "../support/raw-postgres.js";

/** Everything of a result hidden. */
const hidden: MaskPlan = {
  columns: new Map(),
  proven: new Set(),
  others: { method: "redact" },
  text: { method: "redact" },
  copy: null,
};

// PostgreSQL compares 63 bytes of the names of statements and portals, in its own encoding. Whoever compares more, or the bytes as
// they came, takes one statement for two: the second is judged by what the first one says, and shown without its mask.
describe("two names that are one to the target", () => {
  let server: PostgresServer;
  let through: Through;
  beforeAll(async () => {
    server = await startPostgres({
      sql: "create table people (email text); insert into people values ('jane@example.com')",
    });
    through = await servePostgresThrough({
      server,
      judge: (ask) => ({ allow: true, masks: /email/.test(ask.text) ? hidden : null, analysis: testFacts(ask.text) }),
    });
  });
  afterAll(async () => {
    await through.stop();
    await server.stop();
  });

  const long = "s".repeat(63);

  const turn = async (client: RawPostgres, ...frames: Buffer[]) => {
    client.send(...frames, encodeSync());
    return client.until("Z");
  };

  const spellings = [
    ["behind the 63rd byte", `${long}1`, `${long}2`, null],
    ["in their encoding", "caf\u00c3\u00a9", "caf\u00e9", "latin1"],
  ] as const;

  it.each(spellings)("prepared statements whose names differ %s", async (_how, first, second, encoding) => {
    const client = await RawPostgres.open(through, { client_encoding: "UTF8" });
    try {
      await turn(client, encodeParse(first, "select 'harmless'"));
      if (encoding !== null) await client.query(`set client_encoding to '${encoding}'`);
      await turn(client, encodeClose("statement", second));
      await turn(client, encodeParse(second, "select email from people"));
      if (encoding !== null) await client.query("set client_encoding to 'UTF8'");
      const answer = await turn(client, encodeBind("", first), encodeExecute(""));
      expect(JSON.stringify(cells(answer))).not.toContain("jane@example.com");
      expect(types(answer)).toBe("EZ");
    } finally {
      client.close();
    }
  });

  it("portals", async () => {
    const client = await RawPostgres.open(through);
    try {
      await client.query("begin");
      await turn(client, encodeParse("a", "select 'harmless'"), encodeParse("b", "select email from people"));
      await turn(client, encodeBind(`${long}1`, "a"));
      await turn(client, encodeClose("portal", `${long}2`));
      await turn(client, encodeBind(`${long}2`, "b"));
      const answer = await turn(client, encodeExecute(`${long}1`));
      expect(JSON.stringify(cells(answer))).not.toContain("jane@example.com");
      expect(types(answer)).toBe("EZ");
    } finally {
      client.close();
    }
  });

  const asked = [
    ["Parse", encodeParse(`${long}1`, "select 1")],
    ["Bind to a portal", encodeBind(`${long}1`, "")],
    ["Bind of a statement", encodeBind("", "\u00e9")],
    ["Describe of a statement", encodeDescribe("statement", `${long}1`)],
    ["Describe of a portal", encodeDescribe("portal", "\u00e9")],
    ["Execute", encodeExecute(`${long}1`)],
    ["Close of a statement", encodeClose("statement", `${long}1`)],
    ["Close of a portal", encodeClose("portal", "\u00e9")],
  ] as const;

  it.each(asked)(
    "%s says why such a name is not taken, in its place, and the session lives on",
    async (_what, frame) => {
      const client = await RawPostgres.open(through);
      try {
        const ready = [encodeParse("", "select 1"), encodeBind("", ""), encodeExecute("")];
        const answer = await turn(client, ...ready, frame, ...ready);
        expect(types(answer)).toBe("12DCEZ");
        expect(field(answer, "C")).toBe("42622");
        expect(field(answer, "M")).toMatch(/^hoop: names of prepared statements and portals/);
        expect(cells(await client.query("select 2"))).toEqual([["2"]]);
      } finally {
        client.close();
      }
    },
  );

  it("63 bytes are a name", async () => {
    const client = await RawPostgres.open(through);
    try {
      const answer = await turn(client, encodeParse(long, "select 1"), encodeBind(long, long), encodeExecute(long));
      expect(cells(answer)).toEqual([["1"]]);
    } finally {
      client.close();
    }
  });
});
