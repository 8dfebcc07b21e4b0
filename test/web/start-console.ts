import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ApiDeps, createApi, listenApi } from "../../src/api/index.js";
import { createScreens } from "../../src/gateway/screens/screens.js";
import { createAuditService, createStoreRecorder, type SessionSummary } from "../../src/recording/index.js";
import { createSecretVault } from "../../src/secrets/index.js";
import { createRecordingStore } from "../../src/storage/recording.js";
import { createSecretStore } from "../../src/storage/secrets.js";
import { HoopError, sessionId } from "../../src/vocabulary/index.js";
import { startTestApi, type TestApi } from "../api/support.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const built = join(root, "web", "dist");

/** The built console on an API with a real store and real recordings. */
export interface TestConsole {
  readonly url: string;
  readonly deps: ApiDeps;
  close(): Promise<void>;
}

/** Builds the console where nobody did, or its source is newer. */
function builtConsole(): string {
  const page = join(built, "index.html");
  const sources = ["src", "public", "index.html", "vite.config.ts"].map((name) => join(root, "web", name));
  if (!existsSync(page) || newest(sources) > statSync(page).mtimeMs) {
    const build = spawnSync("npm", ["run", "-w", "web", "build"], { cwd: root, encoding: "utf8" });
    if (build.status !== 0) throw new Error(`the console does not build:\n${build.stdout}\n${build.stderr}`);
  }
  return built;
}

function newest(paths: readonly string[]): number {
  return Math.max(
    ...paths.map((path) =>
      statSync(path).isDirectory() ? newest(readdirSync(path).map((name) => join(path, name))) : statSync(path).mtimeMs,
    ),
  );
}

export async function startConsole(): Promise<TestConsole> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    const consoleFolder = builtConsole();
    const api = await startTestApi();
    closing.push(() => api.close());
    const deps = await withRecordings(api, closing);
    const app = await createApi(deps, { tls: null, publicUrl: null, consoleFolder });
    closing.push(() => app.close());
    const { port } = await listenApi(app, { host: "127.0.0.1", port: 0, tls: false });
    return { url: `http://127.0.0.1:${port}`, deps, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The API's ports, with a real record behind them. */
async function withRecordings(api: TestApi, closing: (() => Promise<unknown>)[]): Promise<ApiDeps> {
  const vault = await createSecretVault({
    store: createSecretStore(api.store),
    master: api.master,
  });
  const signer = await vault.signingKey("audit");
  const recordings = createRecordingStore(api.store);
  const keys = await vault.keyRing("recording");
  const recorder = await createStoreRecorder({ store: recordings, keys, signer, gateway: "test" });
  closing.push(() => recorder.close());
  return {
    ...api.deps,
    recorder,
    audit: createAuditService({ store: recordings, recorder, signer, keys }),
    recordings: {
      async sessions({ subject, connection, after, limit }) {
        const page = await recordings.sessions({ subject, connection }, after ?? null, limit);
        return { items: page.sessions.map(recordedSession), next: page.next };
      },
      async session(id) {
        const found = await recordings.session(sessionId(id));
        return found && recordedSession(found);
      },
      async entries(session, { after, limit }) {
        const page = await recordings.sessionEntries(sessionId(session), after ?? null, limit);
        return { items: page.entries.map(({ body }) => JSON.parse(body) as Record<string, unknown>), next: page.next };
      },
    },
    screens: createScreens({ store: recordings, keys, open: { get: () => undefined }, freshly: async () => {} }),
    agents: { ...api.deps.agents, list: async () => agents },
    testConnection: async ({ name }) => {
      if (name === "pg-demo") return { serverVersion: "15.14" };
      throw new HoopError("unavailable", `nothing answers at ${name}`, { hint: "is the agent connected?" });
    },
  };
}

const hour = 3_600_000;
const agents = [
  {
    name: "site-a",
    state: "connected",
    version: "0.1.0",
    connectedAt: new Date(Date.now() - 5 * hour),
    lanes: 3,
    allows: ["db.internal:5432", "10.0.0.0/8:5432"],
    certificateExpires: new Date(Date.now() + 20 * hour),
  },
  {
    name: "old-site",
    state: "revoked",
    version: "0.1.0",
    connectedAt: null,
    lanes: 0,
    allows: ["*.old.internal:5432"],
    certificateExpires: null,
  },
] as const;

function recordedSession(summary: SessionSummary) {
  return {
    id: summary.session,
    subject: { id: summary.subject, name: summary.name },
    connection: summary.connection,
    protocol: summary.protocol,
    from: summary.from,
    startedAt: summary.started,
    endedAt: summary.ended,
    statements: summary.statements,
    end: summary.endReason === null ? null : { code: summary.refused ? "refused" : "ended", text: summary.endReason },
  };
}
