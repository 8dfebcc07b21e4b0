import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeStartup } from "../../src/protocols/postgres/codec/startup.js";
import { unjudgedSetting } from "../../src/protocols/postgres/session/startup-settings.js";
import { settingKind } from "../../src/sql/settings.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { servePostgresThrough, type Through } from "../support/postgres-through.js";
import { cells, field, RawPostgres } from "../support/raw-postgres.js";

// SET ROLE and the like take the effect `admin`. What a session starts with is asked of no rule.
describe("settings that a session starts with", () => {
  let server: PostgresServer;
  let through: Through;
  beforeAll(async () => {
    server = await startPostgres({ sql: "create role boss; grant boss to current_user" });
    through = await servePostgresThrough({ server });
  });
  afterAll(async () => {
    await through.stop();
    await server.stop();
  });

  const refused = [
    { role: "boss" },
    { ROLE: "boss" },
    { session_authorization: "boss" },
    { session_replication_role: "replica" },
    { "app.tenant": "42" },
    { options: "-c role=boss" },
    { options: "-crole=boss" },
    { options: "--role=boss" },
    { options: "--Role=boss" },
    { options: "-c\trole=boss" },
    { options: "-c geqo=off -c \\role=boss" },
    { options: "-c r\\ole=boss" },
    { options: "-c search_path=a\\ b --session-authorization=boss" },
    { options: "-c app.tenant=42" },
    { options: "-ec role=boss" },
    { options: "-e -c role=boss" },
    { options: "-P" },
    { options: "-c" },
    { options: "-- -c role=boss" },
    { options: "role=boss" },
    { options: "-c hoop.purpose=support -c role=boss" },
  ] as Record<string, string>[];

  it.each(refused)("%j is refused in words", async (parameters) => {
    const client = await RawPostgres.open(through, null);
    client.send(encodeStartup(Object.entries({ user: "ada", ...parameters })));
    const told = await client.until("none");
    expect(field(told, "S")).toBe("FATAL");
    expect(field(told, "M")).toMatch(/^hoop: (the setting .* is not taken at startup|startup options other than)/);
  });

  const taken = [
    [{ options: "-c search_path=a,\\ public --geqo=off -cwork_mem=4MB" }, "show geqo", "off"],
    [{ DateStyle: "German", extra_float_digits: "1", application_name: "role" }, "show datestyle", "German, DMY"],
    [{ options: "-c hoop.purpose=support" }, "show geqo", "on"],
    [{ options: "-c application_name=-c\\ role=boss" }, "show application_name", "-c role=boss"],
  ] as [Record<string, string>, string, string][];

  it.each(taken)("%j is taken as before", async (parameters, question, answer) => {
    const client = await RawPostgres.open(through, parameters);
    expect(cells(await client.query(question))).toEqual([[answer]]);
    expect(cells(await client.query("select current_user = session_user"))).toEqual([["t"]]);
    client.close();
  });

  it("are those that SET needs admin for, of all that there are", async () => {
    const { rows } = await server.query("select name from pg_settings");
    const names = [...rows.map(({ name }) => String(name)), "role", "session_authorization", "a.b", "event_triggers"];
    expect(names.length).toBeGreaterThan(300);
    for (const name of names)
      expect([name, unjudgedSetting(new Map([[name, "x"]])) !== null]).toEqual([name, settingKind(name) === "guarded"]);
  });
});
