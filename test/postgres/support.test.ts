import { describe, expect, it } from "vitest";
import { hasPostgres, startPostgres } from "../support/postgres.js";

describe.each([15, 18] as const)("throw-away PostgreSQL %i", (version) => {
  it.skipIf(!hasPostgres(version))("starts, answers and is gone", async () => {
    const server = await startPostgres({ version, tls: "on", auth: "md5", sql: "create table t as select 1 as a" });
    try {
      expect((await server.query("select a from t")).rows).toEqual([{ a: 1 }]);
      expect(server.ca).toContain("BEGIN CERTIFICATE");
    } finally {
      await server.stop();
    }
    await expect(server.query("select 1")).rejects.toThrow();
  });
});
