import { randomUUID } from "node:crypto";
import { createEvents, type EventDraft, type Events, type RunbookRunner, typeOf } from "../../src/events/index.js";
import { directAddresses } from "../../src/gateway/dial-direct.js";
import { createEventStore } from "../../src/storage/events.js";
import { openStore } from "../../src/storage/open-store.js";
import type { Store } from "../../src/storage/store.js";
import { keptLog } from "../storage/support.js";
import type { PostgresServer } from "../support/postgres.js";

/** Events and reactions as one gateway has them, on a store that it shares with others. */
export interface Gateway {
  readonly events: Events;
  readonly store: Store;
  readonly secrets: Map<string, string>;
  readonly log: ReturnType<typeof keptLog>;
  readonly hurried: () => number;
  close(): Promise<void>;
}

export const by = { id: "c2a9d0b4-18f7-4e63-b5a1-0d7e93f8421c", name: "grace" };

export async function startGateway(
  postgres: PostgresServer,
  {
    secrets = new Map<string, string>(),
    runner = null,
  }: { secrets?: Map<string, string>; runner?: RunbookRunner | null } = {},
): Promise<Gateway> {
  const log = keptLog();
  const { host, port, user, password, database } = postgres;
  const store = await openStore(
    {
      databaseUrl: `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`,
      dataDir: "",
      poolSize: 8,
      statementTimeoutMs: 10_000,
    },
    { log, signal: new AbortController().signal },
  );
  let hurried = 0;
  const events = await createEvents({
    store: createEventStore(store),
    replica: randomUUID(),
    lookups: { subject: async () => null, connection: () => null },
    actions: {
      runner: () => runner,
      secret: async (name) => secrets.get(name) ?? null,
      addresses: (name) => directAddresses(name),
      link: (event) => `https://hoop.test/events/${event}`,
      revoke: async (_, what) => what.join(),
      openReview: async () => "rv-1",
    },
    reflexes: {
      asker: () => null,
      hurry: () => {
        hurried += 1;
      },
      slowMs: 10_000,
    },
    keep: { events: 30, deadLetters: 365 },
    log,
    now: Date.now,
  });
  return {
    ...{ events, store, secrets, log, hurried: () => hurried },
    async close() {
      await events.close();
      await store.close();
    },
  };
}

/** An event as the catalogue's sample has it, of its own. */
export function sample(type: string, more: Partial<EventDraft> = {}): EventDraft {
  return { ...typeOf(type)!.sample, id: randomUUID(), at: Date.now(), ...more };
}

export const reaction = (name: string, spec: string): string => `---
apiVersion: hoop/v1
kind: reaction
metadata: { name: ${name} }
spec:
${spec.replace(/^/gm, "  ")}
`;

export const webhook = (name: string, url: string, more = ""): string => `---
apiVersion: hoop/v1
kind: receiver
metadata: { name: ${name} }
spec: { type: webhook, url: "${url}"${more} }
`;
