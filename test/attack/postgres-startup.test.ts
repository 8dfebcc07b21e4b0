import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { encodeStartup } from "../../src/protocols/postgres/codec/startup.js";
import { startupSettings } from "../../src/protocols/postgres/session/startup-settings.js";
import { settingKind } from "../../src/sql/settings.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { type Say, servePostgresThrough, type Through, testFacts } from "../support/postgres-through.js";
import { cells, field, RawPostgres } from "../support/raw-postgres.js";

// SET ROLE and the like take the effect `admin`: what a session starts with is asked of the same rules.
describe("settings that a session starts with", () => {
  let server: PostgresServer;
  let through: Through;
  /** Whether the rules let this one have the effect `admin`. */
  let admin = false;

  beforeAll(async () => {
    server = await startPostgres({ sql: "create role boss; grant boss to current_user" });
    through = await servePostgresThrough({
      server,
      judge: ({ text }): Say => {
        const set = /^SET (\S+) TO /.exec(text)?.[1];
        if (set !== undefined && settingKind(set) === "guarded" && !admin)
          return { deny: "that takes the effect admin" };
        return { allow: true, analysis: testFacts(text) };
      },
    });
  });
  afterEach(() => {
    admin = false;
    through.asks.length = 0;
    through.notes.length = 0;
  });
  afterAll(async () => {
    await through.stop();
    await server.stop();
  });

  const start = async (parameters: Record<string, string>) => {
    const client = await RawPostgres.open(through, null);
    client.send(encodeStartup(Object.entries({ user: "ada", ...parameters })));
    return client.until("none");
  };

  const judged = [
    [{ role: "boss" }, "SET role TO 'boss'"],
    [{ ROLE: "boss" }, "SET role TO 'boss'"],
    [{ session_authorization: "boss" }, "SET session_authorization TO 'boss'"],
    [{ session_replication_role: "replica" }, "SET session_replication_role TO 'replica'"],
    [{ "app.tenant": "42" }, "SET app.tenant TO '42'"],
    [{ options: "-c role=boss" }, "SET role TO 'boss'"],
    [{ options: "-crole=boss" }, "SET role TO 'boss'"],
    [{ options: "--role=boss" }, "SET role TO 'boss'"],
    [{ options: "--Role=boss" }, "SET role TO 'boss'"],
    [{ options: "-c\trole=boss" }, "SET role TO 'boss'"],
    [{ options: "-c geqo=off -c \\role=boss" }, "SET role TO 'boss'"],
    [{ options: "-c r\\ole=boss" }, "SET role TO 'boss'"],
    [{ options: "-c search_path=a\\ b --session-authorization=boss" }, "SET session_authorization TO 'boss'"],
    [{ options: "-c app.tenant=42" }, "SET app.tenant TO '42'"],
    [{ options: "-c app.tenant=4'\\ =\\\\2" }, "SET app.tenant TO '4'' =\\2'"],
    [{ options: "-c hoop.purpose=support -c role=boss" }, "SET role TO 'boss'"],
    [{ options: "-c app.tenant='; set role to boss; --" }, null],
  ] as [Record<string, string>, string | null][];

  it.each(judged)("%j is asked about, and refused before the target hears of it", async (parameters, text) => {
    const told = await start(parameters);
    expect(told.map(({ type }) => type).join("")).toBe("E");
    expect(field(told, "S")).toBe("FATAL");
    if (text === null) return expect(through.asks).toEqual([]);
    expect(field(told, "M")).toBe("hoop: that takes the effect admin");
    expect(field(told, "H")).toContain(text);
    expect(through.asks.map(({ phase, text }) => [phase, text])).toEqual([["statement", text]]);
    expect(through.notes).toEqual([]);
  });

  const never = [
    { options: "-ec role=boss" },
    { options: "-e -c role=boss" },
    { options: "-P" },
    { options: "-c" },
    { options: "-c role" },
    { options: "-- -c role=boss" },
    { options: "role=boss" },
    { options: '-c app.ten"ant=1' },
    { options: "-c app..tenant=1" },
    { options: "-c app.1=1" },
    { options: "-c \\ role=boss" },
    { "role ": "boss" },
    { "a.b'; drop table x": "1" },
    { options: Array.from({ length: 33 }, (_, at) => `-c app.a${at}=1`).join(" ") },
  ] as Record<string, string>[];

  it.each(never)("%j is taken from nobody", async (parameters) => {
    admin = true;
    const told = await start(parameters);
    expect(field(told, "S")).toBe("FATAL");
    expect(field(told, "M")).toMatch(
      /^hoop: (the setting .* is not taken at startup|startup options other than|more than 32 settings)/,
    );
    expect(through.asks).toEqual([]);
  });

  it("are in force for who may set them, also after RESET and DISCARD ALL, and written down", async () => {
    admin = true;
    const client = await RawPostgres.open(through, { options: "-c role=boss -c app.tenant=4'\\ =\\\\2" });
    expect(through.asks.map(({ text }) => text)).toEqual(["SET role TO 'boss'", "SET app.tenant TO '4'' =\\2'"]);
    const now = async () => cells(await client.query("select current_user, current_setting('app.tenant')"));
    expect(await now()).toEqual([["boss", "4' =\\2"]]);
    // Judged as who it is.
    expect(through.asks.at(-1)!.context.role).toBe("boss");
    await client.query("set role none; set app.tenant = '7'");
    expect((await now())[0]![1]).toBe("7");
    await client.query("reset role; reset app.tenant");
    expect(await now()).toEqual([["boss", "4' =\\2"]]);
    await client.query("set role none; set app.tenant = '7'");
    await client.query("discard all");
    expect(await now()).toEqual([["boss", "4' =\\2"]]);
    const finished = through.notes.filter((note) => note.kind === "finished").slice(0, 2);
    expect(finished.map(({ outcome, tag }) => [outcome, tag])).toEqual([
      ["ok", "SET"],
      ["ok", "SET"],
    ]);
    client.close();
  });

  it("are each asked about: one that is refused refuses the session", async () => {
    admin = false;
    const told = await start({ geqo: "off", "app.tenant": "1", role: "boss" });
    expect(field(told, "M")).toBe("hoop: that takes the effect admin");
    expect(through.asks.map(({ text }) => text)).toEqual(["SET app.tenant TO '1'"]);
  });

  it("have the target's refusal as their own where it does not take them", async () => {
    admin = true;
    const told = await start({ role: "nobody_of_that_name" });
    expect(field(told, "S")).toBe("FATAL");
    expect(field(told, "M")).toContain("the target does not know one of the startup parameters");
  });

  it("are not asked about in a session for replication, and so not taken", () => {
    const parameters = new Map([["role", "boss"]]);
    expect(startupSettings(parameters, true)).toHaveProperty("refused");
    expect(startupSettings(parameters)).toEqual({ statements: ["SET role TO 'boss'"] });
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

  it("are judged where SET needs admin for them, of all that there are", async () => {
    const { rows } = await server.query("select name from pg_settings");
    const names = [...rows.map(({ name }) => String(name)), "role", "session_authorization", "a.b", "event_triggers"];
    expect(names.length).toBeGreaterThan(300);
    for (const name of names)
      expect([name, startupSettings(new Map([[name, "x"]]))]).toEqual([
        name,
        { statements: settingKind(name) === "guarded" ? [`SET ${name.toLowerCase()} TO 'x'`] : [] },
      ]);
  });
});
