import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { postgres } from "../../src/protocols/postgres/index.js";
import { createAdminLanes } from "../../src/relay/admin-lanes.js";
import {
  createEphemeralCredentials,
  type EphemeralCredentials,
  type EphemeralUser,
  type EphemeralUserStore,
} from "../../src/secrets/ephemeral/index.js";
import { connectTcp } from "../../src/transport/index.js";
import { type Connection, type ConnectionCredential, connectionId, type Subject } from "../../src/vocabulary/index.js";
import { freePort, type PostgresServer, startPostgres } from "../support/postgres.js";

const bin = "/usr/lib/postgresql/15/bin";

/** A server that follows `primary`. */
async function startStandby(primary: PostgresServer): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  const owner = process.getuid?.() === 0 ? { uid: id("-u"), gid: id("-g") } : {};
  const folder = mkdtempSync(join(tmpdir(), "hoop-standby-"));
  if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid);
  const data = join(folder, "data");
  const from = `host=127.0.0.1 port=${primary.port} user=postgres password=${primary.password}`;
  execFileSync(join(bin, "pg_basebackup"), ["-d", from, "-D", data, "-R", "-c", "fast"], {
    ...owner,
    cwd: folder,
    stdio: "pipe",
  });
  const port = await freePort();
  const settings = [
    `port=${port}`,
    "listen_addresses=127.0.0.1",
    `unix_socket_directories=${folder}`,
    "max_connections=150",
    "wal_level=logical",
  ];
  const child = spawn(join(bin, "postgres"), ["-D", data, ...settings.flatMap((one) => ["-c", one])], {
    ...owner,
    cwd: folder,
    stdio: "ignore",
  });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  for (let tries = 0; tries < 600; tries++) {
    const client = new pg.Client({
      host: "127.0.0.1",
      port,
      user: "postgres",
      password: primary.password,
      database: "app",
    });
    const up = await client.connect().then(
      () => client.end().then(() => true),
      () => false,
    );
    if (up) break;
    await sleep(100);
  }
  return {
    port,
    async stop() {
      child.kill("SIGQUIT");
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

describe("users for sessions at a hot standby", () => {
  let primary: PostgresServer;
  let standby: Awaited<ReturnType<typeof startStandby>>;
  const stops: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    primary = await startPostgres({
      version: 15,
      sql: "create role app_rw; create table t (id int); grant select on t to app_rw",
    });
    standby = await startStandby(primary);
  });
  afterAll(async () => {
    for (const stop of stops) await stop();
    await standby?.stop();
    await primary?.stop();
  });

  function credentialsFor(standbySays: ConnectionCredential, primarySays: ConnectionCredential) {
    const at = (name: string, port: number, n: number, credential: ConnectionCredential): Connection =>
      ({
        ...{ id: connectionId(`3b0f2f7e-8c1b-4f4b-9a6c-1f6f54c0a0${n}`), name, protocol: "postgres", agent: null },
        ...{ host: "127.0.0.1", port, labels: {}, tls: { mode: "disable" }, version: 1, credential },
        ...{ target: { user: "postgres", database: "app" }, exposesCredentialToAgent: false },
      }) as Connection;
    const all = [at("replica", standby.port, 11, standbySays), at("main", primary.port, 12, primarySays)];
    const kept = new Map<string, EphemeralUser>();
    const store: EphemeralUserStore = {
      add: async (user) => void kept.set(user.id, user),
      remove: async (id) => void kept.delete(id),
      beat: async () => {},
      takeOver: async () => [],
      list: async () => [...kept.values()],
      leave: async () => {},
    };
    const protocols = new Map([["postgres", postgres]]);
    const stored = {
      lease: async () => ({ user: "postgres", secret: primary.password, expires: null, release: async () => {} }),
    };
    const dial = ({ host, port }: Connection, signal: AbortSignal) =>
      connectTcp({ host, port, signal, timeoutMs: 30_000 });
    const admins = createAdminLanes({ protocols, stored, dial });
    const credentials: EphemeralCredentials = createEphemeralCredentials({
      ...{ stored, admins, store, replica: "here", random: randomBytes, now: Date.now, log: { info() {}, warn() {} } },
      connections: {
        byName: (name) => all.find((one) => one.name === name),
        byId: (id) => all.find((one) => one.id === id),
      },
      logIn: async () => {},
    });
    stops.push(async () => {
      await credentials.close();
      admins.close();
    });
    return { credentials, replica: all[0]!, kept };
  }
  const ada = { id: "ada", kind: "person", name: "ada", groups: [], version: 1 } as unknown as Subject;
  const signal = () => AbortSignal.timeout(60_000);

  it("are made at its primary, and there when the session logs in", async () => {
    const { credentials, replica, kept } = credentialsFor(
      { users: "ephemeral", roles: ["app_rw"], primary: "main" },
      { roles: ["app_rw"], followers: ["replica"] },
    );
    for (let n = 0; n < 5; n++) {
      const lease = await credentials.lease(replica, ada, signal());
      const client = new pg.Client({
        ...{ host: "127.0.0.1", port: standby.port, user: lease.user, password: lease.secret!, database: "app" },
        options: `-c role=${lease.role}`,
      });
      client.on("error", () => {});
      await client.connect();
      expect(
        (
          await client.query(
            "select pg_is_in_recovery() as follows, current_user::text as role from t right join (values (1)) v on true",
          )
        ).rows[0],
      ).toEqual({ follows: true, role: "app_rw" });
      await client.end();
      await lease.release();
    }
    expect(kept.size).toBe(0);
    expect((await primary.query("select from pg_roles where rolname like 'hoop\\_%'")).rowCount).toBe(0);
  });

  it("are refused where the primary does not agree, is not said, or the roles are not its own", async () => {
    const refusal = async (one: ConnectionCredential, other: ConnectionCredential): Promise<string> => {
      const { credentials, replica } = credentialsFor({ users: "ephemeral", ...one }, other);
      return credentials.lease(replica, ada, signal()).then(
        () => "",
        (error: Error) => error.message,
      );
    };
    expect(await refusal({ roles: ["app_rw"] }, {})).toContain("does not say which");
    expect(await refusal({ roles: ["app_rw"], primary: "none" }, {})).toContain("there is no connection none");
    expect(await refusal({ roles: ["app_rw"], primary: "main" }, {})).toContain("among its followers");
    const main = { roles: ["app_rw"], followers: ["replica"] };
    expect(await refusal({ roles: ["postgres"], primary: "main" }, main)).toContain("not among the roles of main");
  });

  it("use the stored login where nobody demands otherwise", async () => {
    const { credentials, replica } = credentialsFor({}, {});
    expect((await credentials.lease(replica, ada, signal())).user).toBe("postgres");
  });
});
