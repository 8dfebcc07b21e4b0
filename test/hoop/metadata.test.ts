import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultPolicy } from "../../src/policy/index.js";
import { hasJava, jdbcDriver, runClient } from "../support/clients.js";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { jdbcMetadata } from "./scripts/jdbc-metadata.js";
import { metadataSchema } from "./scripts/metadata-schema.js";
import { psqlCommands } from "./scripts/psql-commands.js";
import { overMasked, toolQueries } from "./scripts/tool-queries.js";

/** What psql wrote to each, errors included. */
async function answers(asked: readonly string[], env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const input = asked.map((each, at) => `\\echo ---${at}---\n${each}\n`).join("");
  const { stdout } = await runClient("/bin/sh", ["-c", "exec psql -X -P pager=off 2>&1"], { env, input });
  return asked.map((_, at) => stdout.split(`---${at}---\n`)[1]?.split(/^---\d+---$/m)[0] ?? "nothing");
}

describe("what tools ask about a database, by an engineer under the default policy", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  let direct: NodeJS.ProcessEnv;
  beforeAll(async () => {
    target = await startPostgres({ version: 15, sql: metadataSchema });
    const login = { PGUSER: target.user, PGPASSWORD: target.password };
    // With users of their own the sessions would see each other in the lists of roles.
    hoop = await startHoop({
      target,
      policy: defaultPolicy,
      connection: ["--tls", "disable", "--credential", "users=static"],
    });
    direct = { ...hoop.clientEnv(), ...login, PGHOST: target.host, PGPORT: String(target.port) };
  });
  afterAll(async () => {
    await hoop?.stop();
    await target?.stop();
  });

  const through = (): NodeJS.ProcessEnv => hoop.clientEnv({ PGUSER: target.user });

  it.each([
    ["psql's commands", psqlCommands],
    ["queries of desktop tools", toolQueries.map((query) => `${query};`)],
  ])("answers %s as the target itself does", async (_, asked) => {
    const [plain, seen] = [await answers(asked, direct), await answers(asked, through())];
    for (const [at, each] of asked.entries()) {
      expect.soft(plain[at], each).not.toMatch(/^ERROR/m);
      expect.soft(seen[at], each).toBe(plain[at]);
    }
  });

  it("shows nothing that is masked by the columns of a function", async () => {
    const asked = overMasked.map((query) => `${query};`);
    const [plain, seen] = [await answers(asked, direct), await answers(asked, through())];
    for (const [at, each] of asked.entries()) {
      expect.soft(plain[at], each).toContain("ann");
      expect.soft(seen[at], each).not.toMatch(/ann@|example|^\s*ann$/m);
    }
  });

  it.skipIf(!hasJava())("answers JDBC's metadata as the target itself does", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hoop-jdbc-"));
    try {
      writeFileSync(join(folder, "Meta.java"), jdbcMetadata);
      const [plain, seen] = await Promise.all(
        [direct, { ...through(), PGPASSWORD: "x" }].map((env) =>
          runClient("java", ["-cp", jdbcDriver, "Meta.java"], { env, cwd: folder }),
        ),
      );
      expect(plain?.stderr).toBe("");
      expect(plain?.stdout).toContain("done");
      expect(seen?.stderr).toBe("");
      expect(seen?.stdout).toBe(plain?.stdout);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

// LOCK TABLE is more than reading: who only reads is refused in words.
describe("pg_dump by an admin under the default policy", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  beforeAll(async () => {
    target = await startPostgres({ version: 15, sql: metadataSchema });
    hoop = await startHoop({ target, policy: defaultPolicy, groups: ["admins"], agent: false });
  });
  afterAll(async () => {
    await hoop?.stop();
    await target?.stop();
  });

  it("dumps a schema as the target itself does", async () => {
    const dumped = async (env: NodeJS.ProcessEnv): Promise<string> => {
      const { code, stdout, stderr } = await runClient("pg_dump", ["--schema-only"], { env });
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      // The word that ends a dump's own lock is drawn anew for each.
      return stdout.replaceAll(/^\\(un)?restrict .*$/gm, "");
    };
    const login = { PGUSER: target.user, PGPASSWORD: target.password };
    const plain = await dumped({ ...hoop.clientEnv(), ...login, PGHOST: target.host, PGPORT: String(target.port) });
    expect(plain).toContain("CREATE TABLE");
    expect(plain).toContain("    password 'qzx7'\n");
    // All but what a mapping of users holds.
    expect(await dumped(hoop.clientEnv())).toBe(plain.replace("    password 'qzx7'\n", "    ***\n"));
  });
});
