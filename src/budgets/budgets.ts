import { createHmac } from "node:crypto";
import type { BudgetKey } from "../policy/policy.js";
import type { SessionId } from "../vocabulary/index.js";
import { type AnyCounter, Counter, freeingBucket, SubjectCounter, usedNow } from "./counter.js";
import { bucketAt, endOf, oldestAt, type Span, spans } from "./span.js";
import type { Bucket, BucketSubject, BucketUse, BudgetStore, BudgetUse } from "./store.js";

/** What was used of each budget: counted here at once, with other replicas a moment later. */
export interface Budgets {
  /** Rows, bytes, statements, or different subjects of data in the key's window until now. */
  usage(key: BudgetKey): number;
  /** Counts; answers what is used then. */
  charge(key: BudgetKey, amount: number): number;
  /** Counts whom data is about, by the value that names them; only a keyed digest of it is kept. */
  see(key: BudgetKey, value: string | Uint8Array): number;
  /** As `see`, unless it would be one more than the limit: then nothing is counted. Answers whether it was. */
  seeWithin(key: BudgetKey, value: string | Uint8Array, limit: number): boolean;
  /** When less than the limit is used if nobody uses more, milliseconds since the epoch; null: now, or never in this window. */
  roomAt(key: BudgetKey, limit: number): number | null;
  /** Everything that something was used of until now. */
  list(): readonly { readonly key: BudgetKey; readonly used: number }[];
  /** A session is over: what was counted for it alone is forgotten. */
  forget(session: SessionId): void;
  close(): Promise<void>;
}

export interface BudgetsOptions {
  readonly store: BudgetStore;
  /** For digests of values; the same on every replica. */
  readonly key: Buffer;
  readonly log: { warn(fields: object, text: string): void };
  readonly now?: () => number;
}

const gatherMs = 250;
const lookMs = 1_000;
const pruneMs = 60 * 60_000;
/** Counters kept; of the rest the least lately used go, which the store still knows. */
const maxCounters = 100_000;

/**
 * Counting never waits for the store: it is told a quarter of a second behind, and says what others have used. What a crash
 * takes with it is that quarter of a second; what replicas spend at the same moment adds up a second later.
 */
export async function createBudgets({ store, key: secret, log, now = Date.now }: BudgetsOptions): Promise<Budgets> {
  const counters = new Map<string, { readonly key: BudgetKey; readonly counter: AnyCounter }>();
  const bySession = new Map<string, Map<string, { readonly key: BudgetKey; readonly counter: AnyCounter }>>();
  let mark: string | null = null;
  let dirty = false;
  let timer: NodeJS.Timeout | null = null;
  let syncing: Promise<void> | null = null;
  let closed = false;
  let prunedAt = now();

  function counterOf(key: BudgetKey): AnyCounter {
    const name = nameOf(key);
    if (key.window === "session") return ofSession(key.owner, name, key);
    const known = counters.get(name);
    if (known) return known.counter;
    if (counters.size >= maxCounters) evict();
    const counter = newCounter(key);
    counters.set(name, { key, counter });
    return counter;
  }

  function ofSession(session: string, name: string, key: BudgetKey): AnyCounter {
    let own = bySession.get(session);
    if (own === undefined) {
      own = new Map();
      bySession.set(session, own);
    }
    const known = own.get(name);
    if (known !== undefined) return known.counter;
    const counter = newCounter(key);
    own.set(name, { key, counter });
    return counter;
  }

  function evict(): void {
    for (const [name, { key, counter }] of counters) {
      usedNow(counter, key.window, now());
      if (counter.empty) counters.delete(name);
    }
    // All of them in use: the oldest goes back to what the store says when it is asked for again.
    if (counters.size >= maxCounters) counters.delete(counters.keys().next().value!);
  }

  function learn({ counts, subjects }: BudgetUse): void {
    for (const { used, ...bucket } of counts)
      if (current(bucket)) (counterOf(keyOf(bucket)) as Counter).learn(bucket.bucket, used);
    for (const { subject, ...bucket } of subjects)
      if (current(bucket)) (counterOf(keyOf(bucket)) as SubjectCounter).learn(bucket.bucket, subject);
  }

  const current = ({ span, bucket }: Bucket) => bucket >= oldestAt(span, now());

  async function tell(): Promise<void> {
    const counts: BucketUse[] = [];
    const subjects: BucketSubject[] = [];
    for (const { key, counter } of counters.values()) {
      const at = { rule: key.rule, measure: key.measure, owner: key.owner, span: key.window as Span };
      if (counter instanceof Counter) for (const [bucket, used] of counter.send()) counts.push({ ...at, bucket, used });
      else for (const [bucket, subject] of counter.send()) subjects.push({ ...at, bucket, subject });
    }
    if (counts.length === 0 && subjects.length === 0) return;
    try {
      learn({ counts: await store.add({ counts, subjects }), subjects: [] });
    } catch (error) {
      for (const { used, ...bucket } of counts) (counterOf(keyOf(bucket)) as Counter).unsend(bucket.bucket, used);
      for (const { subject, ...bucket } of subjects)
        (counterOf(keyOf(bucket)) as SubjectCounter).unsend(bucket.bucket, subject);
      dirty = true;
      throw error;
    }
  }

  async function look(): Promise<void> {
    const changed = await store.changed(mark);
    learn(changed);
    mark = changed.mark;
  }

  async function sync(): Promise<void> {
    try {
      dirty = false;
      await tell();
      await look();
      if (now() - prunedAt > pruneMs) {
        prunedAt = now();
        for (const span of Object.keys(spans) as Span[]) await store.prune(span, oldestAt(span, now()));
      }
    } catch (error) {
      log.warn({ err: error }, "what budgets other gateways have used is not known; counting goes on here");
    }
  }

  function schedule(): void {
    if (closed || timer !== null) return;
    timer = setTimeout(
      () => {
        timer = null;
        syncing = sync().then(() => {
          syncing = null;
          schedule();
        });
      },
      dirty ? gatherMs : lookMs,
    ).unref();
  }

  function touched(): void {
    if (dirty) return;
    dirty = true;
    if (syncing === null && timer !== null) {
      clearTimeout(timer);
      timer = null;
      schedule();
    }
  }

  function digestOf(key: BudgetKey, value: string | Uint8Array): string {
    return createHmac("sha256", secret).update(`${key.rule}\0`).update(value).digest("hex").slice(0, 32);
  }

  function seen(key: BudgetKey, counter: SubjectCounter, digest: string): void {
    const fresh = counter.see(key.window === "session" ? 0 : bucketAt(key.window, now()), digest);
    if (fresh && key.window !== "session") touched();
  }

  await look();
  schedule();

  return {
    usage: (key) => usedNow(counterOf(key), key.window, now()),
    charge(key, amount) {
      const counter = counterOf(key) as Counter;
      counter.add(key.window === "session" ? 0 : bucketAt(key.window, now()), amount);
      if (key.window !== "session") touched();
      return usedNow(counter, key.window, now());
    },
    see(key, value) {
      const counter = counterOf(key) as SubjectCounter;
      seen(key, counter, digestOf(key, value));
      return usedNow(counter, key.window, now());
    },
    seeWithin(key, value, limit) {
      const counter = counterOf(key) as SubjectCounter;
      const digest = digestOf(key, value);
      const within = usedNow(counter, key.window, now()) < limit || counter.knows(digest);
      if (within) seen(key, counter, digest);
      return within;
    },
    roomAt(key, limit) {
      if (key.window === "session") return null;
      const counter = counterOf(key);
      usedNow(counter, key.window, now());
      const bucket = freeingBucket(counter, limit);
      return bucket === null ? null : endOf(key.window, bucket);
    },
    list() {
      const all = [...counters.values(), ...[...bySession.values()].flatMap((own) => [...own.values()])];
      return all
        .map(({ key, counter }) => ({ key, used: usedNow(counter, key.window, now()) }))
        .filter(({ used }) => used > 0);
    },
    forget(session) {
      bySession.delete(session);
    },
    async close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      await syncing;
      await tell().catch((error: unknown) => log.warn({ err: error }, "the last counts of budgets were lost"));
    },
  };
}

const newCounter = (key: BudgetKey) => (key.measure === "subjects" ? new SubjectCounter() : new Counter());

const names = new WeakMap<BudgetKey, string>();

/** Made once a key: a row costs no more than the look-up. */
function nameOf(key: BudgetKey): string {
  let name = names.get(key);
  if (name === undefined) {
    name = `${key.window}\0${key.measure}\0${key.rule}\0${key.owner}`;
    names.set(key, name);
  }
  return name;
}

function keyOf({ rule, measure, owner, span }: Omit<Bucket, "bucket">): BudgetKey {
  return { rule: rule as BudgetKey["rule"], measure, window: span, owner };
}
