import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../support/clients.js";
import { type FakeVault, startFakeVault } from "../support/fake-vault.js";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

/** The stored login through a running gateway: given a new password, and kept elsewhere. */
describe("a stored login, through a running gateway", () => {
  let server: PostgresServer;
  let vault: FakeVault;
  let hoop: RunningHoop;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "hoop-through-"));
    writeFileSync(join(folder, "token"), "root\n", { mode: 0o600 });
    vault = await startFakeVault();
    vault.secrets.set("kv/data/shop/pg", { data: { data: { password: "from-vault" }, metadata: { version: 1 } } });
    server = await startPostgres({
      version: 15,
      sql: "create role app login password 'first'; create role kept login password 'from-vault'",
    });
    hoop = await startHoop({
      target: { ...server, user: "app", password: "first" },
      connection: ["--tls", "disable", "--credential", "users=static"],
      gateway: {
        HOOP_SECRET_REFERENCES: "vault:kv/data/{label.team}/*,env:HOOP_CREDENTIAL_*",
        HOOP_CREDENTIAL_KEPT: "from-vault",
        HOOP_VAULT_ADDR: vault.url,
        HOOP_VAULT_TOKEN_FILE: join(folder, "token"),
      },
    });
  });
  afterAll(async () => {
    await hoop?.stop();
    await Promise.all([server?.stop(), vault?.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const loginThrough = async (name: string): Promise<string> => {
    const { host, port } = await hoop.place(name);
    const client = new pg.Client({ host, port, user: "ada", database: "app" });
    client.on("error", () => {});
    await client.connect();
    try {
      return (await client.query("select session_user::text as login")).rows[0].login;
    } finally {
      await client.end();
    }
  };
  const letsIn = (password: string): Promise<boolean> => {
    const client = new pg.Client({ host: server.host, port: server.port, user: "app", password, database: "app" });
    return client.connect().then(
      () => client.end().then(() => true),
      () => false,
    );
  };
  const add = (name: string, team: string, from: string) =>
    hoop.hoop("admin", [
      ...["connections", "add", name, "--host", server.host, "--port", String(server.port), "--agent", "site"],
      ...["--tls", "disable", "--user", "kept", "--target", "database=app", "--label", `team=${team}`],
      ...["--credential", "users=static", "--credential", `from=${from}`],
    ]);

  it("gets a new password by the command line, which sessions use at once", async () => {
    expect(await loginThrough("pg")).toBe("app");
    await hoop.hoop("admin", ["credentials", "rotate", "pg"]);
    expect(await letsIn("first")).toBe(false);
    await until("the new one is used", () =>
      loginThrough("pg").then(
        (login) => login === "app",
        () => false,
      ),
    );
    await expect(hoop.hoop("engineer", ["credentials", "rotate", "pg"])).rejects.toThrow(/credential|may not|denied/);
  });

  it("gets a new password by the API, and the change is written down without it", async () => {
    const passwordOf = () => readFileSync(join(hoop.folder, "password"), "utf8");
    const [admin, ada] = [await signIn("admin", passwordOf()), await signIn("ada", hoop.password)];
    const body = { connection: "pg" };
    expect((await send("/credentials/rotations", body, ada)).status).toBe(403);
    expect((await send("/credentials/rotations", body)).status).toBe(401);
    const before = await verifier();
    const answer = await send("/credentials/rotations", body, admin);
    expect([answer.status, await answer.json()]).toEqual([200, { connection: "pg", user: "app" }]);
    expect(await verifier()).not.toBe(before);
    await until("sessions use the new one", () =>
      loginThrough("pg").then(
        (login) => login === "app",
        () => false,
      ),
    );
    const changes = await hoop.hoop("admin", ["audit", "changes", "--json"]);
    expect(changes.match(/"credential\.rotated"/g)?.length).toBeGreaterThanOrEqual(2);
  });

  it("is read where the reference says, and is refused where none may", async () => {
    await add("from-vault", "shop", "vault:kv/data/shop/pg#password");
    await add("from-env", "shop", "env:HOOP_CREDENTIAL_KEPT");
    expect(await loginThrough("from-vault")).toBe("kept");
    expect(await loginThrough("from-env")).toBe("kept");
    // Another team's connection may not name this one's secret.
    const foreign = async () => {
      await add("foreign", "other", "vault:kv/data/shop/pg#password");
      return loginThrough("foreign");
    };
    await expect(foreign()).rejects.toThrow(/reference|HOOP_SECRET_REFERENCES|may not/i);
    // Nor any secret of the gateway's own surroundings.
    const stray = async () => {
      await add("stray", "shop", "env:PATH");
      return loginThrough("stray");
    };
    await expect(stray()).rejects.toThrow(/reference|HOOP_SECRET_REFERENCES|may not/i);
  });

  /** What the target keeps of the password. */
  const verifier = async (): Promise<string> =>
    (await server.query("select rolpassword from pg_authid where rolname = 'app'")).rows[0].rolpassword;
  const signIn = async (name: string, password: string): Promise<string> =>
    ((await (await send("/login", { name, password })).json()) as { accessToken: string }).accessToken;
  const send = (path: string, body: object, token?: string): Promise<Response> =>
    fetch(`${hoop.http}/api/v1${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify(body),
    });
});
