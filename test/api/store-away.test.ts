import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { factorOptions } from "../../src/gateway/second-factor.js";
import { createIdentity, passwordOnly } from "../../src/identity/index.js";
import { createSecretVault, loadMasterKey } from "../../src/secrets/index.js";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/storage/embedded/start.js";
import { createIdentityStore } from "../../src/storage/identity.js";
import { openStore } from "../../src/storage/open-store.js";
import { createSecretStore } from "../../src/storage/secrets.js";
import { keptLog } from "../storage/support.js";
import { password } from "./support.js";

let folder: string;
let server: EmbeddedPostgres;

function start(port: number): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({
    dataDir: join(folder, "server"),
    listen: { host: "127.0.0.1", port },
    database: "hoop",
    log: keptLog(),
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hoop-away-"));
  await chmod(folder, 0o755);
  server = await start(0);
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

test("with the store away a known token is honoured for a while, nothing else is, and a change made then counts at once", async () => {
  const { user, password: secret, database } = server.admin;
  const { port } = server.address!;
  const store = await openStore(
    {
      databaseUrl: `postgres://${user}:${secret}@127.0.0.1:${port}/${database}`,
      dataDir: folder,
      poolSize: 4,
      statementTimeoutMs: 5_000,
    },
    { log: keptLog(), signal: new AbortController().signal },
  );
  const maxStaleMs = 10_000;
  const vault = await createSecretVault({
    store: createSecretStore(store),
    master: loadMasterKey({ stateFolder: join(folder, "key") }),
  });
  const factors = await factorOptions({ store, vault, link: (id) => `http://hoop.test/step-up/${id}` });
  const identity = await createIdentity({ store: createIdentityStore(store), factors, log: keptLog(), maxStaleMs });
  const ada = (await identity.setup.seed({ name: "ada", password }))!;
  const asker = { client: "test", address: "127.0.0.1" };
  const issue = () => identity.logins.issue(ada.id, asker, passwordOnly);
  const [known, unseen] = [await issue(), await issue()];
  const authenticate = (token: string) =>
    identity.authenticator.authenticate(token).then(
      ({ subject }) => subject.name,
      (error: { code: string }) => error.code,
    );
  expect(await authenticate(known.accessToken)).toBe("ada");

  await server.stop();
  await expect.poll(() => store.changes.staleness(), { timeout: 30_000 }).toBeGreaterThan(1_200);
  expect(await authenticate(known.accessToken)).toBe("ada");
  expect(await authenticate(unseen.accessToken)).toBe("unavailable");
  await expect.poll(() => authenticate(known.accessToken), { timeout: 30_000 }).toBe("unavailable");

  server = await start(port);
  await expect.poll(() => store.changes.staleness(), { timeout: 30_000 }).toBeLessThan(500);
  expect(await authenticate(unseen.accessToken)).toBe("ada");
  await identity.logins.end(known.login, ada.id, "test");
  expect(await authenticate(known.accessToken)).toBe("unauthenticated");
  identity.close();
  await store.close();
});
