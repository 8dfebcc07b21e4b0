import { createHash, createSecretKey, randomBytes, randomUUID } from "node:crypto";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import {
  createReviews,
  type HoldRequest,
  type ReviewEntry,
  type Reviews,
  type ReviewsOptions,
} from "../../src/reviews/index.js";
import { createMemorySecretStore, createSecretVault, MasterKey } from "../../src/secrets/index.js";
import { removeEmbeddedPostgres } from "../../src/storage/embedded/remove.js";
import { startEmbeddedPostgres } from "../../src/storage/embedded/start.js";
import { openStore } from "../../src/storage/open-store.js";
import { createReviewStore } from "../../src/storage/reviews.js";
import type { Store } from "../../src/storage/store.js";
import {
  type Connection,
  connectionId,
  type HoldTerms,
  HoopError,
  ruleId,
  type Subject,
  type SubjectId,
  sessionId,
  statementId,
  subjectId,
} from "../../src/vocabulary/index.js";
import { keptLog, temporaryFolder } from "../storage/support.js";

export const person = (name: string, ...groups: string[]): Subject => ({
  id: subjectId(randomUUID()),
  kind: "person",
  name,
  groups,
  version: 1,
});

export const pg: Connection = {
  id: connectionId(randomUUID()),
  name: "pg-prod",
  protocol: "postgres",
  host: "127.0.0.1",
  port: 5432,
  agent: null,
  labels: { env: "prod" },
  tls: { mode: "disable" },
  target: {},
  exposesCredentialToAgent: false,
  version: 1,
};

export const terms = (more: Partial<HoldTerms> = {}): HoldTerms => ({
  rule: ruleId("hold-writes"),
  approvals: [{ count: 1, groups: ["dba"] }],
  expiresMs: 60_000,
  useWithinMs: 60_000,
  reasonRequired: false,
  inTransaction: "refuse",
  rehearse: false,
  breakGlass: [],
  escalate: null,
  ...more,
});

export const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");

export const held = (subject: Subject, text: string, more: Partial<HoldRequest> = {}): HoldRequest => {
  const session = sessionId(randomUUID());
  return {
    subject,
    onBehalfOf: null,
    connection: pg,
    session,
    statement: statementId(session, 1),
    digest: digestOf(text),
    text,
    values: ["4711", null],
    database: "app",
    role: "app",
    analysis: { shape: "update ?", effects: ["write"], resources: [], attributes: {}, unknowns: [] },
    terms: [terms()],
    reasons: [{ rule: ruleId("hold-writes"), code: "held", text: "writes wait for a review" }],
    transaction: ["begin"],
    ...more,
  };
};

/** One gateway's reviews on the shared store. */
export interface Replica {
  readonly reviews: Reviews;
  readonly store: Store;
  readonly entries: ReviewEntry[];
  /** Ends it as a kill would: nobody says goodbye. */
  stop(): Promise<void>;
}

export interface ReviewBench {
  /** Who is there, as they are now. */
  readonly people: Map<SubjectId, Subject>;
  add(name: string, ...groups: string[]): Subject;
  replica(more?: Partial<ReviewsOptions>): Promise<Replica>;
  /** What seals on all of them. */
  readonly keys: Parameters<typeof createReviewStore>[1];
  /** A connection of its own, to look into tables. */
  readonly url: string;
  close(): Promise<void>;
}

export async function startReviewBench(): Promise<ReviewBench> {
  const temporary = await temporaryFolder();
  await chmod(temporary.path, 0o755);
  const dataDir = join(temporary.path, "server");
  const server = await startEmbeddedPostgres({
    dataDir,
    listen: { host: "127.0.0.1", port: 0 },
    database: "hoop",
    log: keptLog(),
  });
  const url = `postgres://${server.admin.user}:${server.admin.password}@127.0.0.1:${server.address!.port}/hoop`;
  const vault = await createSecretVault({
    store: createMemorySecretStore(),
    master: { current: new MasterKey(randomBytes(32)), previous: null, file: null },
  });
  const keys = await vault.keyRing("reviews");
  const digestKey = createSecretKey(randomBytes(32));
  const people = new Map<SubjectId, Subject>();
  const replicas: Replica[] = [];

  async function replica(more: Partial<ReviewsOptions> = {}): Promise<Replica> {
    const log = keptLog();
    const store = await openStore(
      { databaseUrl: url, dataDir: "/nonexistent", poolSize: 8, statementTimeoutMs: 10_000 },
      { log, signal: new AbortController().signal },
    );
    const entries: ReviewEntry[] = [];
    const reviews = await createReviews({
      store: createReviewStore(store, { keys, digestKey }),
      people: async (ids) => new Map(ids.flatMap((id) => (people.has(id) ? [[id, people.get(id)!] as const] : []))),
      peopleChanged: () => () => {},
      recorder: {
        append(entry, done) {
          entries.push(entry);
          done?.(null);
        },
        healthy: () => true,
      },
      connections: () => [pg],
      terms: () => ({ terms: [terms()], maxMs: 8 * 3_600_000 }),
      link: (id) => `https://hoop.example.com/reviews/${id}`,
      log,
      ...more,
    });
    let stopped = false;
    const made: Replica = {
      reviews,
      store,
      entries,
      async stop() {
        if (stopped) return;
        stopped = true;
        reviews.close();
        await store.close();
      },
    };
    replicas.push(made);
    return made;
  }

  return {
    people,
    url,
    keys: { keys, digestKey },
    replica,
    add(name, ...groups) {
      const subject = person(name, ...groups);
      people.set(subject.id, subject);
      return subject;
    },
    async close() {
      for (const one of replicas) await one.stop();
      await server.stop();
      await removeEmbeddedPostgres(dataDir);
      await temporary.remove();
    },
  };
}

export const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    (error: unknown) => (error instanceof HoopError ? error.code : String(error)),
  );
