import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runClient } from "../support/clients.js";
import { allowAll, type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

const policy = `${allowAll}
---
apiVersion: hoop/v1
kind: mask
metadata: { name: tokens }
spec:
  columns: customers.card
  mask: { method: tokenize, purpose: analytics, as: card }
---
apiVersion: hoop/v1
kind: mask
metadata: { name: values }
spec:
  detect: email
  mask: { method: partial }
---
apiVersion: hoop/v1
kind: request
metadata: { name: fraud-cases }
spec:
  who: { group: engineers }
  reveal: analytics
  approve: { approvals: [{ groups: [admins] }] }
`;
const canary = "4111 1111 1111 1111";

describe("the value behind a token, through the whole of Hoop", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  let token: string;

  beforeAll(async () => {
    target = await startPostgres({
      sql: `create table customers (id int, card text, note text);
        insert into customers values (1, '${canary}', 'write to jane@example.com')`,
    });
    hoop = await startHoop({ target, policy, gateway: { HOOP_RETENTION_DAYS: "30" } });
  });
  afterAll(async () => {
    await hoop?.stop();
    await target?.stop();
  });

  const reveal = (...args: string[]) => hoop.hoop("engineer", ["reveal", ...args, "--json"]);
  const source = ["--source", "analytics/customers.card", "--because", "case 4711"];

  it("is asked for, approved by another person, shown once, and not again", async () => {
    const { stdout } = await runClient("psql", ["-X", "-A", "-t", "-c", "select card, note from customers"], {
      env: hoop.clientEnv(),
    });
    token = stdout.split("|")[0]!;
    expect(token).toMatch(/^\d{4} \d{4} \d{4} \d{4}$/);
    expect(token).not.toBe(canary);
    const asked = JSON.parse(await reveal(token, ...source)) as { id: string; state: string; missing: string };
    expect(asked).toMatchObject({ state: "pending", missing: "1 approval from admins" });
    const shown = await hoop.hoop("admin", ["review", "show", asked.id]);
    for (const word of [token, "customers.card", "analytics (card): case 4711"]) expect(shown).toContain(word);
    expect(shown).not.toContain(canary);
    await expect(reveal("--review", asked.id)).resolves.toContain('"pending"');
    expect(await hoop.hoop("admin", ["review", "approve", asked.id])).toContain("the value behind a token");
    // With the very same words it is the same request, which is approved by now.
    expect(JSON.parse(await reveal(token, ...source))).toEqual({ review: asked.id, value: canary });
    await expect(reveal("--review", asked.id)).resolves.toContain('"used"');
  });

  it("comes by itself to who waits for it", async () => {
    const waiting = hoop.hoop("engineer", ["reveal", token, "--source", "analytics", "--because", "waits", "--wait"]);
    const pending = async () =>
      JSON.parse(await hoop.hoop("admin", ["review", "ls", "--json"])) as readonly { readonly id: string }[];
    await expect.poll(async () => (await pending()).length, { timeout: 60_000, interval: 500 }).toBe(1);
    await hoop.hoop("admin", ["review", "approve", (await pending())[0]!.id]);
    expect(await waiting).toBe(`${canary}\n`);
  });

  it("is refused before anybody is asked where it cannot be turned back, or nobody could approve it", async () => {
    await expect(reveal("9f86d081884c7d65", ...source)).rejects.toThrow("this is the output of a hash");
    await expect(reveal(token, "--source", "billing", "--because", "x")).rejects.toThrow("no rule lets you ask");
    await expect(reveal(token, "--source", "analytics")).rejects.toThrow("--because");
    expect(await hoop.hoop("admin", ["review", "ls"])).not.toContain("analytics");
  });

  it("stands in the audit with who and why, and nowhere on this machine's disk", async () => {
    const changes = JSON.parse(await hoop.hoop("admin", ["audit", "changes", "--json"])) as readonly {
      readonly what?: string;
      readonly actor?: { readonly name: string };
      readonly after?: { readonly purpose?: string; readonly column?: string };
    }[];
    const revealed = changes.filter(({ what }) => what === "token.revealed");
    expect(revealed.map(({ actor, after }) => [actor?.name, after?.purpose, after?.column])).toEqual([
      ["ada", "analytics", undefined],
      ["ada", "analytics", "customers.card"],
    ]);
    expect(await hoop.hoop("admin", ["audit", "changes"])).toContain("token.revealed");
    await hoop.verifyAudit();
    expect(hoop.gateway.words()).not.toContain(canary);
    // Store, journal, heads and exports lie there.
    // Of files that go while it looks grep complains, and ends as if it had failed: what it found counts.
    const found = (word: string) => spawnSync("grep", ["-rlaF", word, hoop.folder], { encoding: "utf8" }).stdout;
    expect(found("fraud-cases")).not.toBe("");
    expect(found(canary)).toBe("");
  });

  it("a session shows what detectors found; its sealed texts open for auditors with a reason, recorded first", async () => {
    await runClient("psql", ["-X", "-c", "select note from customers where id = 1 and note <> 'sealed literal'"], {
      env: hoop.clientEnv(),
    });
    const sessions = JSON.parse(await hoop.hoop("admin", ["sessions", "ls", "--json"])) as readonly { id: string }[];
    const { id } = sessions[0]!;
    const shown = await hoop.hoop("admin", ["sessions", "show", id]);
    expect(shown).toContain("(found 1 email)");
    expect(shown).not.toContain("sealed literal");
    const seq = /#(\d+)/.exec(shown)![1]!;
    const open = (who: "admin" | "engineer", ...more: string[]) =>
      hoop.hoop(who, ["sessions", "show", id, "--reveal", seq, ...more]);
    await expect(open("admin")).rejects.toThrow("say why you look");
    await expect(open("engineer", "--because", "curious")).rejects.toThrow("it needs sessions.reveal");
    expect(await open("admin", "--because", "INC-7")).toContain("note <> 'sealed literal'");
    await expect(open("admin", "--because", "INC-7", "--part", "error")).rejects.toThrow("no sealed error");
    const file = join(hoop.folder, "after.jsonl");
    await hoop.hoop("admin", ["audit", "export", "--output", file]);
    const looked = readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line.includes("payload-revealed"));
    expect(looked).toHaveLength(1);
    expect(looked[0]).toContain("INC-7");
  });
});
