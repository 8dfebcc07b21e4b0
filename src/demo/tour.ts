import { writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import pc from "picocolors";
import { HoopError } from "../vocabulary/index.js";
import { runChild } from "./child.js";
import type { Demo } from "./start.js";
import { tourReactions } from "./tour-reactions.js";
import { type SshPlace, tourSsh } from "./tour-ssh.js";
import { tourWeb, type WebPlace } from "./tour-web.js";

/** How the tour reaches `pg-demo`: by name where the names work, else by address and port. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly typed: string;
}

type Ask = (sql: string) => Promise<{ readonly shown: string; readonly failed: boolean }>;

/** Does the main job in front of the user. Throws HoopError when anything is not as it should be: the tour is a test, too. */
export async function tour(
  demo: Demo,
  place: Place,
  say: (text: string) => void,
  web: WebPlace | null = null,
  machine: SshPlace | null = null,
): Promise<void> {
  const psql = await findPsql();
  const ask = psql ? byPsql(place) : byLibrary(place);
  if (!psql)
    say(
      pc.yellow(
        "psql is not installed, so the tour uses an embedded client. To get it: apt install postgresql-client, or brew install libpq.",
      ),
    );
  const type = (sql: string): void => say(`\n${pc.dim("$")} ${pc.bold(`${place.typed} -c ${JSON.stringify(sql)}`)}`);

  say(pc.bold("\n1. Read customers: e-mail and card arrive masked"));
  const select = "select name, email, card_number, city from customers order by id limit 4";
  type(select);
  const rows = await ask(select);
  say(rows.shown);
  expect(!rows.failed && rows.shown.includes("Grace Hopper"), "the select should have answered", rows.shown);
  expect(
    !rows.shown.includes("grace@navy.example.org") && !rows.shown.includes("4111111111111881"),
    "e-mail and card should have been masked",
    rows.shown,
  );

  say(pc.bold("\n2. A slip: DELETE without WHERE is refused, and says why"));
  const slip = "delete from orders";
  type(slip);
  const refused = await ask(slip);
  say(refused.shown);
  expect(
    refused.failed && /WHERE/.test(refused.shown),
    "the DELETE should have been refused with its reason",
    refused.shown,
  );

  if (web) await tourWeb(web, say);
  if (machine) await tourSsh(machine, say);
  const behind = (web ? 1 : 0) + (machine ? 1 : 0);

  say(pc.bold(`\n${3 + behind}. What was recorded, under ${demo.user.name}'s own name`));
  const sessions = JSON.parse(await demo.hoop("engineer", "sessions", "ls", "--json")) as {
    id: string;
    statements: number;
  }[];
  // The newest first; all statements have sessions of their own, since each psql was one.
  for (const session of sessions.slice(0, 2 + 2 * behind).reverse()) {
    say(`\n${pc.dim("$")} ${pc.bold(`hoop sessions show ${session.id.slice(0, 8)}`)}`);
    say((await demo.hoop("engineer", "sessions", "show", session.id)).trimEnd());
  }
  expect(sessions.length >= 2, "both sessions should have been recorded", JSON.stringify(sessions));

  say(pc.bold(`\n${4 + behind}. The audit chain, exported and proven offline`));
  const file = join(demo.engineerHome, "audit.jsonl");
  const key = join(demo.engineerHome, "audit.pub");
  const heads = join(demo.engineerHome, "heads.jsonl");
  writeFileSync(heads, await demo.hoop("admin", "audit", "heads"));
  await demo.hoop("admin", "audit", "export", "--output", file);
  writeFileSync(key, await demo.hoop("admin", "audit", "key"));
  say(
    `\n${pc.dim("$")} ${pc.bold("hoop audit export --output audit.jsonl && hoop audit verify audit.jsonl --key audit.pub --heads heads.jsonl")}`,
  );
  say((await demo.hoop("engineer", "audit", "verify", file, "--key", key, "--heads", heads)).trimEnd());

  say(
    pc.bold(
      `\n${5 + behind}. Three refused deletes pause the session, a runbook notes who it was, and a review releases it`,
    ),
  );
  await tourReactions(demo, place, say);
}

function expect(held: boolean, what: string, got: string): void {
  if (!held) throw new HoopError("internal", `the tour failed: ${what}, but it got:\n${got}`);
}

async function findPsql(): Promise<boolean> {
  try {
    return (await runChild("psql", ["--version"], { env: process.env })).code === 0;
  } catch {
    return false;
  }
}

function byPsql(place: Place): Ask {
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PG"))),
    PGCONNECT_TIMEOUT: "20",
  };
  const args = ["-X", "-h", place.host, ...(place.port === 5432 ? [] : ["-p", String(place.port)])];
  return async (sql) => {
    const { code, stdout, stderr } = await runChild("psql", [...args, "-c", sql], { env });
    return { shown: (stdout + stderr).trimEnd(), failed: code !== 0 };
  };
}

function byLibrary(place: Place): Ask {
  return async (sql) => {
    const client = new pg.Client({
      host: place.host,
      port: place.port,
      user: "demo",
      database: "demo",
      connectionTimeoutMillis: 20_000,
    });
    await client.connect();
    try {
      const result = await client.query<Record<string, unknown>>(sql);
      return { shown: result.rows.map((row) => Object.values(row).join(" | ")).join("\n"), failed: false };
    } catch (error) {
      const { message, detail, hint } = error as { message: string; detail?: string; hint?: string };
      return {
        shown: [`ERROR:  ${message}`, detail && `DETAIL:  ${detail}`, hint && `HINT:  ${hint}`]
          .filter(Boolean)
          .join("\n"),
        failed: true,
      };
    } finally {
      await client.end();
    }
  };
}
