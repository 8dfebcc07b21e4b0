import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../support/clients.js";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

const policy = `
apiVersion: hoop/v1
kind: access
metadata: { name: read-the-first }
spec:
  who: { group: [engineers] }
  where: { connection: pg }
  effects: [read]
---
apiVersion: hoop/v1
kind: request
metadata: { name: ask }
spec:
  who: { group: [engineers] }
  where: everywhere
  effects: [read, write]
  longest: 8h
  approve: { approvals: { groups: [admins] } }
`;

interface Asked {
  readonly id: string;
  readonly state: string;
  readonly missing: string;
}

/** Access for a time, from the request on the command line to the end of the session that rested on it. */
describe("time-boxed access through the whole of Hoop", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  beforeAll(async () => {
    target = await startPostgres({ version: 15, sql: "create table notes (line text)" });
    hoop = await startHoop({ target, policy, agent: false });
    await hoop.hoop(
      "admin",
      [
        ...["connections", "add", "pg-two", "--host", target.host, "--port", String(target.port), "--agent", "none"],
        ...["--user", target.user, "--target", `database=${target.database}`, "--password-stdin", "--tls", "disable"],
      ],
      target.password,
    );
  });
  afterAll(async () => {
    await hoop?.stop();
    await target?.stop();
  });

  const json = async <T>(who: "engineer" | "admin", args: readonly string[]): Promise<T> =>
    JSON.parse(await hoop.hoop(who, [...args, "--json"])) as T;
  const ask = (connection: string, ...more: readonly string[]) =>
    json<Asked>("engineer", ["access", "request", connection, "--effect", "read,write", "--reason", "fix it", ...more]);
  const offered = async (): Promise<readonly string[]> => {
    const status = await json<{ connections: readonly { name: string }[] }>("engineer", ["tunnel", "status"]);
    return status.connections.map(({ name }) => name);
  };

  async function connect(host: string, port: number): Promise<{ client: pg.Client; end: Promise<string> }> {
    const client = new pg.Client({ host, port, user: "x", database: "app" });
    client.on("error", () => {});
    const end = new Promise<string>((resolve) => {
      client.connection.on("errorMessage", (error: pg.DatabaseError) => {
        if (error.severity === "FATAL") resolve(error.message);
      });
    });
    await client.connect();
    return { client, end };
  }

  it("a connection appears with the grant, and its sessions end when it is revoked", async () => {
    expect(await offered()).toEqual(["pg"]);
    const options = await json<readonly { connection: string; effects: readonly string[] }[]>("engineer", [
      "access",
      "options",
    ]);
    expect(options.map(({ connection, effects }) => [connection, ...effects])).toEqual([
      ["pg", "read", "write"],
      ["pg-two", "read", "write"],
    ]);
    const asked = await ask("pg-two", "--for", "2h", "--ticket", "OPS-7");
    expect(asked).toMatchObject({ state: "pending", missing: "1 approval from admins" });
    expect(await hoop.hoop("admin", ["review", "ls"])).toContain(asked.id);
    expect(await hoop.hoop("admin", ["review", "show", asked.id])).toContain(
      "read and write for 2 h, ticket OPS-7: fix it",
    );
    await expect(hoop.hoop("engineer", ["review", "approve", asked.id])).rejects.toThrow(/exited with 4/);
    await hoop.hoop("admin", ["review", "approve", `${hoop.http}/reviews/${asked.id}`]);

    const { host, port } = await hoop.place("pg-two");
    const session = await connect(host, port);
    expect((await session.client.query("insert into notes values ('by grant')")).rowCount).toBe(1);
    await expect(session.client.query("drop table notes")).rejects.toThrow(/hoop/);
    expect(await json<readonly { id: string }[]>("engineer", ["access", "ls"])).toMatchObject([{ id: asked.id }]);

    await hoop.hoop("admin", ["access", "revoke", asked.id]);
    expect(await session.end).toMatch(/access to pg-two was withdrawn/);
    await until("the tunnel forgets it", async () => (await offered()).join() === "pg");
    expect(await json("engineer", ["access", "ls"])).toEqual([]);
  });

  it("on a connection that stays open, only what was granted goes when it is given back", async () => {
    const { client } = await connect(hoop.host, hoop.port);
    try {
      await expect(client.query("insert into notes values ('no')")).rejects.toThrow(/hoop/);
      const { id } = await ask("pg");
      await hoop.hoop("admin", ["review", "approve", id]);
      await until("the open session may write", async () =>
        client.query("insert into notes values ('yes')").then(
          () => true,
          () => false,
        ),
      );
      await hoop.hoop("engineer", ["access", "revoke", id]);
      await until("it may no more", async () =>
        client.query("insert into notes values ('late')").then(
          () => false,
          () => true,
        ),
      );
      expect((await client.query("select count(*)::int as n from notes where line = 'yes'")).rows).toEqual([{ n: 1 }]);
    } finally {
      await client.end();
    }
  });

  it("who waits on the command line hears how it ended by the exit code", async () => {
    const waiting = ask("pg-two", "--wait").catch((error: unknown) => String(error));
    const id = await until("the request", async () => {
      const list = await json<readonly { id: string }[]>("admin", ["review", "ls"]);
      return list[0]?.id;
    });
    await hoop.hoop("admin", ["review", "comment", id, "why?"]);
    await hoop.hoop("admin", ["review", "deny", id, "--reason", "not today"]);
    expect(await waiting).toMatch(/exited with 4/);
    const shown = await hoop.hoop("engineer", ["review", "show", id]);
    expect(shown).toContain("admin denied");
    expect(shown).toContain("not today");
    expect(shown).toContain("why?");
    await expect(hoop.hoop("engineer", ["review", "show", "lusab-tofim"])).rejects.toThrow(/exited with 5/);
    await expect(hoop.hoop("engineer", ["review", "show", "nonsense"])).rejects.toThrow(/exited with 2/);
    const second = await ask("pg-two");
    await hoop.hoop("engineer", ["review", "withdraw", second.id]);
    expect(await json<readonly { id: string }[]>("admin", ["review", "ls"])).toEqual([]);
  });

  it("every step stands in the audit, which verifies", async () => {
    const exported = await hoop.verifyAudit();
    for (const what of ["review.requested", "review.approved", "review.denied", "review.withdrawn", "review.commented"])
      expect(exported).toContain(what);
    for (const what of ["grant.made", "grant.revoked", "grant.ended"]) expect(exported).toContain(what);
    // What people wrote is not the audit's to tell.
    expect(exported).not.toContain("not today");
  });
});
