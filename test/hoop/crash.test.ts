import { readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runClient, until } from "../support/clients.js";
import { type Program, type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

/** A client that has not heard anything for this long hangs. */
const hangMs = 20_000;
const loops = 6;

interface Load {
  /** Marks of statements that were answered. */
  readonly answered: Set<string>;
  /** Resolves with how each of the clients ended. */
  readonly ends: Promise<readonly string[]>;
  stop(): void;
}

/** "kill -9 of gateway, agent, tunnel, target under load." */
describe("a crash under load", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  beforeAll(async () => {
    target = await startPostgres({
      version: 15,
      // What the target saw, by itself: each of these must be in the audit.
      settings: {
        log_statement: "all",
        logging_collector: "on",
        log_directory: "log",
        log_filename: "all.log",
        log_line_prefix: "",
      },
      sql: "create table t (mark text)",
    });
    hoop = await startHoop({ target });
  });
  afterAll(async () => {
    await hoop?.stop();
    await target?.stop();
  });

  /** Clients that each send one marked statement after the other, some in text and some prepared, until they are cut off. */
  function load(name: string): Load {
    const answered = new Set<string>();
    let stopped = false;
    const one = async (n: number): Promise<string> => {
      const client = new pg.Client({ host: hoop.host, port: hoop.port, user: "x", database: "app" });
      client.on("error", () => {});
      await client.connect();
      for (let count = 0; !stopped; count++) {
        const mark = `${name}-${n}-${count}`;
        // In a name: the audit shows no literals.
        const sent =
          n % 2 === 0
            ? client.query(`insert into t values ('x') returning mark as "${mark}"`)
            : client.query(`select $1::int as "${mark}"`, [count]);
        const late = new Promise<"late">((resolve) => setTimeout(() => resolve("late"), hangMs).unref());
        try {
          if ((await Promise.race([sent.then(() => "answered"), late])) === "late") return `${mark} hangs`;
          answered.add(mark);
        } catch (error) {
          return `error: ${(error as Error).message}`;
        }
      }
      await client.end();
      return "stopped";
    };
    const ends = Promise.all(Array.from({ length: loops }, (_, n) => one(n)));
    return { answered, ends, stop: () => (stopped = true) };
  }

  /** Marks that the target's own log names, as often as it does. */
  function seenByTarget(name: string): Set<string> {
    const log = readFileSync(join(target.folder, "data", "log", "all.log"), "latin1");
    return new Set(Array.from(log.matchAll(new RegExp(`${name}-\\d+-\\d+`, "g")), ([mark]) => mark));
  }

  async function expectAllRecorded(name: string, load: Load): Promise<void> {
    const audit = await hoop.verifyAudit();
    const recorded = new Set(Array.from(audit.matchAll(new RegExp(`${name}-\\d+-\\d+`, "g")), ([mark]) => mark));
    const seen = seenByTarget(name);
    expect(load.answered.size).toBeGreaterThan(loops);
    expect(seen.size).toBeGreaterThanOrEqual(load.answered.size);
    expect([...seen].filter((mark) => !recorded.has(mark))).toEqual([]);
  }

  const comesBack = (): Promise<true> =>
    until(
      "a new session works",
      async () => {
        const done = await runClient("psql", ["-X", "-At", "-c", "select 'back'"], {
          env: hoop.clientEnv({ PGCONNECT_TIMEOUT: "5" }),
        });
        return done.stdout === "back\n";
      },
      40_000,
    );

  it.each(["gateway", "agent", "tunnel"] as const)(
    "kill -9 of the %s: an error for each client, no entry lost, and it comes back",
    async (which) => {
      const program: Program = hoop[which]!;
      const busy = load(which);
      await until("the load runs", () => busy.answered.size > 60);
      await program.kill();
      const ends = await busy.ends;
      expect(ends.filter((end) => !end.startsWith("error: "))).toEqual([]);

      // While it is gone: a refusal in words or a closed port, at once, never a hang.
      const meanwhile = await runClient("psql", ["-X", "-At", "-c", "select 1"], {
        env: hoop.clientEnv(),
        timeoutMs: hangMs,
      });
      expect(meanwhile.code).toBe(2);
      expect(meanwhile.stderr).toMatch(which === "tunnel" ? /Connection refused/ : /FATAL: {2}hoop/);

      const from = Date.now();
      await program.start();
      const started = Date.now();
      await comesBack();
      console.log(
        `${which}: ready again after ${started - from} ms, a session ${Date.now() - started} ms later; ${busy.answered.size} statements were answered`,
      );
      await expectAllRecorded(which, busy);
    },
  );

  it("a target that crashes: its own words or an error for each client, and what it comes back for works", async () => {
    const busy = load("target");
    await until("the load runs", () => busy.answered.size > 60);
    // A backend that dies by SIGKILL makes the server drop every session and recover.
    const { rows } = await target.query(
      `select pid from pg_stat_activity where application_name = '' and query like '%"target-%' and pid <> pg_backend_pid() limit 1`,
    );
    process.kill(rows[0].pid, "SIGKILL");
    const ends = await busy.ends;
    expect(ends.filter((end) => !end.startsWith("error: "))).toEqual([]);
    expect(ends.some((end) => /terminating connection|closed the connection|terminated/.test(end))).toBe(true);
    await comesBack();
    await expectAllRecorded("target", busy);
  });

  it("two crashes, the second while it catches up: the chain still holds", async () => {
    const busy = load("again");
    await until("the load runs", () => busy.answered.size > 60);
    await hoop.gateway.kill();
    await busy.ends;
    await hoop.gateway.start();
    await hoop.gateway.kill();
    await hoop.gateway.start();
    await comesBack();
    await expectAllRecorded("again", busy);
  });
});
