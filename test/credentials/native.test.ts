import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { connect as tcpConnect } from "node:net";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasJava, hasPython, jdbcDriver, python, runClient, until } from "../support/clients.js";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { freePort, type PostgresServer, startPostgres } from "../support/postgres.js";

interface Issued {
  readonly credential: { readonly id: string; readonly user: string };
  readonly password: string;
  readonly place: {
    readonly host: string;
    readonly port: number;
    readonly database: string;
    readonly authority: string;
  };
  readonly strings: Readonly<Record<string, string>>;
}

describe("native clients without a tunnel", () => {
  let server: PostgresServer;
  let hoop: RunningHoop;
  beforeAll(async () => {
    server = await startPostgres({
      version: 18,
      sql: "create table t (id int); insert into t select generate_series(1, 5)",
    });
    hoop = await startHoop({ target: server, gateway: { HOOP_POSTGRES_LISTEN: `127.0.0.1:${await freePort()}` } });
  });
  afterAll(async () => {
    await hoop?.stop();
    await server?.stop();
  });

  const issue = async (...flags: string[]): Promise<Issued> =>
    JSON.parse(await hoop.hoop("engineer", ["credentials", "issue", "pg", "--json", ...flags])) as Issued;
  const connect = async ({ credential, password, place }: Issued, more: pg.ClientConfig = {}): Promise<pg.Client> => {
    const { host, port, database, authority } = place;
    const client = new pg.Client({
      ...{ host, port, database, user: credential.user, password, ssl: { ca: authority }, ...more },
    });
    client.on("error", () => {});
    await client.connect();
    return client;
  };
  const env = ({ PATH, HOME }: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({ PATH, HOME });

  it("psql comes in by its string alone, under the person's name, and is recorded", async () => {
    const issued = await issue();
    const done = await runClient(
      "sh",
      ["-c", `${issued.strings["psql"]} -Atc 'select count(*) from t; select session_user'`],
      {
        env: env(process.env),
      },
    );
    expect(done.stderr).toBe("");
    expect(done.stdout).toMatch(/^5\nhoop_ada_[a-z2-7]{16}\n$/);
    const uri = await runClient("psql", [issued.strings["uri"]!, "-Atc", "select 1"], { env: env(process.env) });
    expect(uri.stdout).toBe("1\n");
    const bound = await runClient("psql", [`${issued.strings["uri"]}&channel_binding=require`, "-Atc", "select 2"], {
      env: env(process.env),
    });
    expect(`${bound.stderr}${bound.stdout}`).toBe("2\n");
    const entries = await hoop.hoop("admin", ["sessions", "ls", "--json"]);
    expect(entries).toContain("ada");
  });

  it("node-postgres, psycopg and JDBC come in, and a .pgpass line serves psql", async () => {
    const issued = await issue();
    const client = await connect(issued);
    expect((await client.query("select $1::int + 1 as n", [41])).rows).toEqual([{ n: 42 }]);
    await client.end();
    const { host, port, database } = issued.place;
    const pgpass = join(hoop.folder, "pgpass");
    writeFileSync(pgpass, `${issued.strings["pgpass"]}\n`, { mode: 0o600 });
    const byFile = await runClient(
      "psql",
      ["-h", host, "-p", String(port), "-U", issued.credential.user, "-d", database, "-Atc", "select 3"],
      { env: { ...env(process.env), PGPASSFILE: pgpass } },
    );
    expect(`${byFile.stderr}${byFile.stdout}`).toBe("3\n");
    if (hasPython("psycopg")) {
      const code = `import psycopg,sys\nprint(psycopg.connect(sys.argv[1]).execute("select 4").fetchone()[0])`;
      const done = await runClient(python, ["-c", code, issued.strings["uri"]!], { env: env(process.env) });
      expect(`${done.stderr}${done.stdout}`).toBe("4\n");
    }
    if (hasJava()) {
      const program = `import java.sql.*; public class Native { public static void main(String[] a) throws Exception {
        try (Connection c = DriverManager.getConnection(a[0]); ResultSet r = c.createStatement().executeQuery("select 5")) {
          r.next(); System.out.println(r.getInt(1)); } } }`;
      writeFileSync(join(hoop.folder, "Native.java"), program);
      const done = await runClient(
        "java",
        ["-cp", jdbcDriver, join(hoop.folder, "Native.java"), issued.strings["jdbc"]!],
        { env: env(process.env) },
      );
      expect(`${done.stderr}${done.stdout}`).toBe("5\n");
    }
  });

  it("cancels what runs", async () => {
    const client = await connect(await issue());
    const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
    const running = "select 1 from pg_stat_activity where query = 'select pg_sleep(30)' and state = 'active'";
    const slow = client.query("select pg_sleep(30)").catch((error: { code: string }) => error);
    await until("it runs", async () => (await server.query(running)).rowCount === 1);
    const { host, port } = (client as unknown as { connectionParameters: { host: string; port: number } })
      .connectionParameters;
    const bytes = Buffer.alloc(16);
    for (const [at, word] of [16, 80_877_102, processID, secretKey].entries()) bytes.writeInt32BE(word, at * 4);
    tcpConnect(port, host).end(bytes);
    expect(await slow).toMatchObject({ code: "57014" });
    await client.end();
  });

  it("says and does the same for a wrong password, an unknown user, an expired and a revoked one", async () => {
    const issued = await issue();
    const other = await issue();
    await hoop.hoop("engineer", ["credentials", "revoke", other.credential.id]);
    const unknown = { ...issued, credential: { ...issued.credential, user: "nobody.pg.aaaaaaaaaa" } };
    const elsewhere = await issue("--address", "10.9.8.0/24");
    const words = async (one: Issued, password = one.password) =>
      connect({ ...one, password }).then(
        () => "let in",
        ({ code, message }: { code: string; message: string }) => `${code} ${message.replace(/".*"/, '""')}`,
      );
    const refused = '28P01 password authentication failed for user ""';
    expect(await words(issued, "wrong")).toBe(refused);
    expect(await words(unknown)).toBe(refused);
    expect(await words(other)).toBe(refused);
    expect(await words(elsewhere)).toBe(refused);
    expect(await words(issued)).toBe("let in");
    // The salt of a name that nobody has is as lasting as one's that is there.
    const salts = [await firstAnswer(unknown), await firstAnswer(unknown)].map(
      (text) => /s=([^,]+),i=4096/.exec(text)?.[1],
    );
    expect(salts[0]).toBeTruthy();
    expect(salts[0]).toBe(salts[1]);
  });

  async function firstAnswer({ credential, place }: Issued): Promise<string> {
    const socket = tcpConnect(place.port, place.host);
    const parameters = Buffer.from(`user\0${credential.user}\0\0`);
    const head = Buffer.alloc(8);
    head.writeInt32BE(8 + parameters.length, 0);
    head.writeInt32BE(196_608, 4);
    socket.write(Buffer.concat([head, parameters]));
    await new Promise((resolve) => socket.once("data", resolve));
    const first = Buffer.from("SCRAM-SHA-256\0\0\0\0\0n,,n=,r=abcdefgh");
    first.writeInt32BE(first.length - 18, 14);
    const message = Buffer.alloc(5);
    message.write("p");
    message.writeInt32BE(first.length + 4, 1);
    socket.write(Buffer.concat([message, first]));
    const answer = await new Promise<Buffer>((resolve) => socket.once("data", resolve));
    socket.destroy();
    return answer.toString("latin1");
  }

  it("is revoked with its sessions, and with its person", async () => {
    const issued = await issue();
    const client = await connect(issued);
    const ended = new Promise<Error>((resolve) => client.once("error", resolve));
    await hoop.hoop("engineer", ["credentials", "revoke", issued.credential.user]);
    expect((await ended).message).toMatch(/revoked|terminated/);
    const second = await issue();
    const open = await connect(second);
    const gone = new Promise((resolve) => open.once("end", resolve));
    await hoop.hoop("admin", ["users", "disable", "ada"]);
    await gone;
    await hoop.hoop("admin", ["users", "enable", "ada"]);
    await hoop.logIn();
    await expect(connect(second)).rejects.toMatchObject({ code: "28P01" });
    expect(JSON.parse(await hoop.hoop("engineer", ["credentials", "ls", "--json"]))).toEqual([]);
  });

  it("limits how many one may have, and keeps the authority where the strings say", async () => {
    const issued = await issue();
    for (let n = 0; n < 19; n++) await issue();
    await expect(issue()).rejects.toThrow(/20 credentials/);
    for (const one of JSON.parse(await hoop.hoop("engineer", ["credentials", "ls", "--json"])) as { id: string }[])
      if (one.id !== issued.credential.id) await hoop.hoop("engineer", ["credentials", "revoke", one.id]);
    expect(readFileSync(join(hoop.folder, "engineer", "native-ca.pem"), "utf8")).toContain("BEGIN CERTIFICATE");
  }, 300_000);

  it("nobody who stalls, floods or talks rubbish keeps others out", async () => {
    const issued = await issue();
    const { host, port } = issued.place;
    const stalled = Array.from({ length: 300 }, () => tcpConnect(port, host).on("error", () => {}));
    const rubbish = Array.from({ length: 50 }, (_, n) => {
      const socket = tcpConnect(port, host).on("error", () => {});
      socket.write(createHash("sha256").update(String(n)).digest());
      return socket;
    });
    const client = await connect(issued);
    expect((await client.query("select 1 as n")).rows).toEqual([{ n: 1 }]);
    await client.end();
    for (const socket of [...stalled, ...rubbish]) socket.destroy();
  });

  it("the exchange is RFC 7677's", () => {
    // The RFC's own example: what our verifier would hold of `pencil`.
    const salted = pbkdf2Sync("pencil", Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64"), 4_096, 32, "sha256");
    const stored = createHash("sha256")
      .update(createHmac("sha256", salted).update("Client Key").digest())
      .digest("base64");
    expect(stored).toBe("WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=");
  });
});
