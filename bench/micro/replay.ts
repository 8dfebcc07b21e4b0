/**
 * How long it takes to decide recorded statements by other rules: entries as the recorder writes them, in blocks of a real store,
 * read, decided and grouped as `hoop policy simulate` does.
 * `node scripts/run.mjs bench/micro/replay [statements] [shapes] [rules]`
 */
import { createHash, randomUUID } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { compilePolicy, parseDocuments, replay } from "../../src/policy/index.js";
import { openStore } from "../../src/storage/open-store.js";
import { createRecordedHistory } from "../../src/storage/recorded-history.js";
import { packBodies } from "../../src/storage/recording/packed.js";
import { type Connection, connectionId, type Subject, subjectId } from "../../src/vocabulary/index.js";

const [statements = 1_000_000, shapes = 2_000, rules = 200] = process.argv.slice(2).map(Number);
const perBlock = 1_000;
const days = 30;
const now = Date.now();
const quiet = { info() {}, warn() {}, error() {}, debug() {} };

const people: readonly Subject[] = Array.from({ length: 50 }, (_, n) => ({
  id: subjectId(randomUUID()),
  kind: "person",
  name: `user-${n}`,
  groups: n % 3 === 0 ? ["engineers", "writers"] : ["engineers"],
  version: 1,
}));
const connections: readonly Connection[] = Array.from({ length: 10 }, (_, n) => ({
  id: connectionId(randomUUID()),
  name: `pg-${n}`,
  protocol: "postgres",
  host: "db",
  port: 5432,
  agent: null,
  labels: { env: n % 2 === 0 ? "prod" : "stage" },
  tls: { mode: "disable" },
  target: {},
  exposesCredentialToAgent: false,
  version: 1,
}));

const document = (kind: string, name: string, spec: object) => ({
  apiVersion: "hoop/v1",
  kind,
  metadata: { name },
  spec,
});
const base = [
  document("access", "read-write", { who: { group: "engineers" }, where: "everywhere", effects: ["read", "write"] }),
  document("mask", "emails", { columns: "email", mask: { method: "partial", as: "email" } }),
  ...Array.from({ length: rules }, (_, n) =>
    document("guard", `g${n}`, { when: { relations: { any: `secret${n}.*` } }, action: "deny" }),
  ),
];
const current = compilePolicy(parseDocuments(JSON.stringify(base)));
const wanted = compilePolicy(
  parseDocuments(
    JSON.stringify([
      ...base,
      document("guard", "nights", {
        when: { effects: { any: "write" }, time: { hours: "22:00-06:00" } },
        action: "hold",
        hold: { approvals: { groups: "leads" } },
      }),
      document("mask", "names", { columns: "customers.name", mask: { method: "redact" } }),
    ]),
  ),
);

const folder = mkdtempSync(join(tmpdir(), "hoop-bench-replay-"));
chmodSync(folder, 0o755);
const store = await openStore(
  { databaseUrl: null, dataDir: join(folder, "store"), poolSize: 4, statementTimeoutMs: 60_000 },
  { log: quiet, signal: new AbortController().signal },
);
try {
  const hashes = await writeAnalyses();
  const bytes = await writeEntries(hashes);
  const history = createRecordedHistory(store);
  const today = {
    subject: async (id: string) => people.find((one) => one.id === id) ?? null,
    connection: (name: string) => connections.find((one) => one.name === name) ?? null,
  };
  for (let round = 0; round < 2; round++) {
    const [start, cpu] = [performance.now(), process.cpuUsage()];
    const report = await replay(current, wanted, history, today, {
      since: now - days * 86_400_000,
      until: now + 1,
      signal: new AbortController().signal,
    });
    const { user, system } = process.cpuUsage(cpu);
    const seconds = (performance.now() - start) / 1000;
    console.log(
      `${report.statements} statements (${shapes} shapes, ${rules} rules, ${(bytes / 2 ** 20).toFixed(0)} MiB of entries) in ${seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of CPU:`,
      JSON.stringify(report.totals),
      `${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB resident`,
    );
  }
} finally {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

async function writeAnalyses(): Promise<readonly string[]> {
  const found: string[] = [];
  for (let n = 0; n < shapes; n++) {
    const write = n % 5 === 0;
    const text = JSON.stringify({
      shape: `shape ${n}`,
      effects: write ? ["write"] : ["read"],
      resources: [
        { kind: "relation", name: `public.t${n}`, access: write ? "write" : "read" },
        { kind: "column", name: n % 10 === 1 ? "public.customers.name" : `public.t${n}.id`, access: "read" },
        { kind: "column", name: "public.customers.email", access: "read" },
      ],
      attributes: { database: "app", role: "app" },
      unknowns: [],
      reach: [n],
      columns: [{ relation: n, name: "id", use: "output" }],
      opaque: false,
      copy: null,
      copyQuery: null,
      changesCatalogue: false,
      changesContext: false,
      statements: 1,
    });
    const hash = createHash("sha256").update(text).digest();
    await sql`insert into recording_analyses (hash, body) values (${hash}, ${text})`.execute(store.db);
    found.push(hash.toString("hex"));
  }
  return found;
}

async function writeEntries(hashes: readonly string[]): Promise<number> {
  const chain = randomUUID();
  const sessions = people.map(() => randomUUID());
  let [seq, total] = [0, 0];
  for (let first = 0; first < statements; first += perBlock) {
    const start = seq + 1;
    const bodies: Buffer[] = [];
    let time = 0;
    for (let n = first; n < Math.min(first + perBlock, statements); n++) {
      seq += 1;
      time = now - days * 86_400_000 + Math.floor((n / statements) * days * 86_400_000);
      const who = (n * 7) % people.length;
      const head = `{"v":1,"chain":"${chain}","seq":${seq},"prev":"${hashes[n % shapes]}","time":${time},`;
      if (n < people.length) {
        const actor = { subject: people[n]!.id, name: people[n]!.name };
        const opened = { kind: "session-opened", session: sessions[n], actor, groups: people[n]!.groups };
        bodies.push(Buffer.from(head + JSON.stringify(opened).slice(1)));
        continue;
      }
      const body =
        head +
        `"kind":"statement","session":"${sessions[who]}","outcome":"allow","statement":"${sessions[who]}:${n}","phase":"query","purpose":"forward",` +
        `"text":{"payload":"${hashes[(n * 3) % shapes]}","bytes":60},"values":null,"shown":"select t.id, c.email from t${n % shapes} t join customers c on c.id = t.customer where t.id = ?",` +
        `"analysis":"${hashes[n % shapes]}","actor":{"subject":"${people[who]!.id}","name":"${people[who]!.name}"},"connection":"pg-${n % 10}",` +
        `"reasons":[{"rule":"read-write","code":"access-allowed","text":"access \\"read-write\\" allows this"}],"policyVersion":"0123456789abcdef0123456789abcdef"}`;
      bodies.push(Buffer.from(body));
    }
    for (const body of bodies) total += body.length;
    const packed = await packBodies(bodies);
    await sql`insert into recording_blocks (chain, first, last, at, body)
      values (${chain}, ${start}, ${seq}, to_timestamp(${time}::double precision / 1000.0), ${packed})`.execute(
      store.db,
    );
  }
  return total;
}
