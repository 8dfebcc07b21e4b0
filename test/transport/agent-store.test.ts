import { randomBytes, randomUUID } from "node:crypto";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createMemoryAgentStore } from "../../src/agents/memory-store.js";
import type { AgentStore } from "../../src/agents/store.js";
import { createAgentStore } from "../../src/storage/agents.js";
import { removeEmbeddedPostgres } from "../../src/storage/embedded/remove.js";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/storage/embedded/start.js";
import { openStore } from "../../src/storage/open-store.js";
import type { Store } from "../../src/storage/store.js";
import { agentId } from "../../src/vocabulary/index.js";
import { keptLog, temporaryFolder } from "../storage/support.js";

let server: EmbeddedPostgres;
let store: Store;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
  await chmod(folder.path, 0o755);
  server = await startEmbeddedPostgres({
    dataDir: join(folder.path, "server"),
    listen: { host: "127.0.0.1", port: 0 },
    database: "hoop",
    log: keptLog(),
  });
  const databaseUrl = `postgres://${server.admin.user}:${server.admin.password}@127.0.0.1:${server.address!.port}/hoop`;
  store = await openStore(
    { databaseUrl, dataDir: "/nonexistent", poolSize: 4, statementTimeoutMs: 5_000 },
    { log: keptLog(), signal: new AbortController().signal },
  );
});

afterAll(async () => {
  await store?.close();
  await server?.stop();
  await removeEmbeddedPostgres(join(folder.path, "server"));
  await folder.remove();
});

const soon = () => new Date(Date.now() + 60_000);
const newId = () => agentId(randomUUID());

async function token(agents: AgentStore, agent: string, uses = 1, expiresAt = soon()): Promise<Buffer> {
  const hash = randomBytes(32);
  await agents.createJoinToken({ hash, agent, uses, expiresAt, by: "ada" });
  return hash;
}

describe.each([
  ["in memory", () => createMemoryAgentStore()],
  ["on PostgreSQL", () => createAgentStore(store)],
])("the agents' store %s", (where, create) => {
  const named = (name: string) => `${name}-${where.length}`;
  const now = () => new Date();

  it("takes a token as often as it is good for, also at once", async () => {
    const agents = create();
    const hash = await token(agents, named("site-a"), 2);
    const id = newId();
    const enrol = () => agents.enrol({ hash, now: now(), id, certificateExpires: soon() });
    const outcomes = await Promise.all([enrol(), enrol(), enrol(), enrol()]);
    expect(outcomes.toSorted()).toEqual([false, false, true, true]);
    expect(await agents.findJoinToken(hash, now())).toBeNull();
    expect(await agents.byId(id)).toMatchObject({ id, name: named("site-a"), revoked: false });
  });

  it("knows no token that has expired or never was", async () => {
    const agents = create();
    const hash = await token(agents, named("site-b"), 1, new Date(Date.now() - 1));
    expect(await agents.findJoinToken(hash, now())).toBeNull();
    expect(await agents.enrol({ hash, now: now(), id: newId(), certificateExpires: soon() })).toBe(false);
    expect(await agents.findJoinToken(randomBytes(32), now())).toBeNull();
  });

  it("keeps one id for one name, and gives a revoked agent's name a new one", async () => {
    const agents = create();
    const name = named("site-c");
    const [first, second] = [newId(), newId()];
    const hash = await token(agents, name, 3);
    expect(await agents.findJoinToken(hash, now())).toEqual({ agent: name, id: null });
    expect(await agents.enrol({ hash, now: now(), id: first, certificateExpires: soon() })).toBe(true);
    expect(await agents.findJoinToken(hash, now())).toEqual({ agent: name, id: first });
    expect(await agents.enrol({ hash, now: now(), id: second, certificateExpires: soon() })).toBe(false);

    expect(await agents.revoke(name)).toBe(true);
    expect(await agents.revoke(name)).toBe(false);
    expect(await agents.findJoinToken(hash, now())).toBeNull();
    expect(await agents.byId(first)).toMatchObject({ revoked: true });

    const again = await token(agents, name);
    expect(await agents.enrol({ hash: again, now: now(), id: second, certificateExpires: soon() })).toBe(true);
    const all = (await agents.list()).filter((agent) => agent.name === name);
    expect(all.map(({ id, revoked }) => [id, revoked]).toSorted()).toEqual(
      [
        [first, true],
        [second, false],
      ].toSorted(),
    );
  });

  it("tells of changes and keeps when a certificate ends", async () => {
    const agents = create();
    let heard = 0;
    const stop = agents.watch(() => heard++);
    const id = newId();
    const hash = await token(agents, named("site-d"));
    await agents.enrol({ hash, now: now(), id, certificateExpires: soon() });
    await expect.poll(() => heard, { interval: 10 }).toBeGreaterThan(0);
    const ends = new Date(Date.now() + 7_200_000);
    await agents.renewed(id, ends);
    expect((await agents.byId(id))?.certificateExpires).toEqual(ends);
    stop();
  });
});
