import { describedIn } from "./analyses.js";
import { newEntries } from "./follow.js";
import type { SignedHead } from "./head.js";
import { sessionChanges } from "./session-changes.js";
import type { RecordingStore, SessionSummary, StoredEntry, StoredPayload } from "./store.js";

interface Kept extends StoredEntry {
  readonly session: string | null;
  readonly kind: string;
}

interface Payload extends StoredPayload {
  readonly chunks: readonly Uint8Array[];
  readonly at: number;
}

/** The port in memory, with the same rules as the tables: for tests and for tools that keep nothing. */
export function createMemoryRecordingStore(): RecordingStore {
  const chains = new Map<string, Kept[]>();
  const payloads = new Map<string, Payload>();
  const heads: SignedHead[] = [];
  const analyses = new Map<string, string>();
  const sessions = new Map<string, SessionSummary>();
  const page = <T>(all: readonly T[], mark: string | null, limit: number) => {
    const from = mark === null ? 0 : Number(mark);
    return { some: all.slice(from, from + limit), next: from + limit < all.length ? String(from + limit) : null };
  };
  return {
    async append(batch) {
      const have = chains.get(batch.chain) ?? [];
      const fresh = await newEntries(batch, have.at(-1) ?? null, async (seq) => have[seq - 1]?.hash ?? null);
      const changes = sessionChanges(fresh);
      const filed = fresh.map(({ seq, hash, session, kind, body }) => ({
        seq,
        hash,
        session,
        kind,
        body: body.toString("utf8"),
      }));
      for (const { hash, text } of describedIn(fresh)) analyses.set(hash, text);
      chains.set(batch.chain, [...have, ...filed]);
      for (const payload of batch.payloads)
        if (!payloads.has(payload.hash))
          payloads.set(payload.hash, { ...payload, chunks: [], at: fresh.at(-1)?.time ?? 0 });
      for (const head of batch.heads) if (!heads.some((other) => other.body === head.body)) heads.push(head);
      for (const [session, change] of changes) {
        const before = sessions.get(session);
        const opened = change.opened;
        if (before === undefined && opened === null) continue;
        const base: SessionSummary = before ?? {
          session,
          subject: opened!.subject,
          name: opened!.name,
          connection: opened!.connection,
          protocol: opened!.protocol,
          from: opened!.from,
          refused: opened!.refused,
          started: new Date(opened!.at),
          ended: null,
          endReason: null,
          statements: 0,
          verdicts: { allow: 0, deny: 0, hold: 0, challenge: 0 },
        };
        const { allow, deny, hold, challenge } = base.verdicts;
        const more = change.verdicts;
        sessions.set(session, {
          ...base,
          ended: change.closed === null ? base.ended : new Date(change.closed.at),
          endReason: change.closed?.reason ?? base.endReason,
          statements: base.statements + change.statements,
          verdicts: {
            allow: allow + more.allow,
            deny: deny + more.deny,
            hold: hold + more.hold,
            challenge: challenge + more.challenge,
          },
        });
      }
    },
    async putLarge(payload, chunks) {
      const all: Uint8Array[] = [];
      for await (const chunk of chunks) all.push(chunk);
      payloads.set(payload.hash, { ...payload, chunks: all, at: Date.now() });
    },
    async tip(chain) {
      const last = chains.get(chain)?.at(-1);
      return last === undefined ? null : { seq: last.seq, hash: last.hash };
    },
    async chains() {
      return [...chains].flatMap(([chain, entries]) =>
        entries.length === 0 ? [] : [{ chain, seq: entries.at(-1)!.seq, hash: entries.at(-1)!.hash }],
      );
    },
    async entries(chain, after, limit) {
      return (chains.get(chain) ?? []).slice(after, after + limit);
    },
    async heads(mark, limit) {
      const { some, next } = page(heads, mark, limit);
      return { heads: some, next };
    },
    async newestHeads() {
      return [...new Map(heads.map((head) => [(JSON.parse(head.body) as { chain: string }).chain, head])).values()];
    },
    async session(session) {
      return sessions.get(session) ?? null;
    },
    async sessions(filter, mark, limit) {
      const all = [...sessions.values()]
        .filter((each) => filter.subject === undefined || each.subject === filter.subject)
        .filter((each) => filter.connection === undefined || each.connection === filter.connection)
        .filter((each) => filter.since === undefined || each.started >= filter.since)
        .filter((each) => filter.until === undefined || each.started < filter.until)
        .filter((each) => filter.open === undefined || (each.ended === null) === filter.open)
        .sort((a, b) => b.started.getTime() - a.started.getTime());
      const { some, next } = page(all, mark, limit);
      return { sessions: some, next };
    },
    async sessionEntries(session, mark, limit) {
      const { some, next } = page(
        [...chains.values()].flat().filter((entry) => entry.session === session),
        mark,
        limit,
      );
      return { entries: some, next };
    },
    async analyses(hashes) {
      return new Map(hashes.flatMap((hash) => (analyses.has(hash) ? [[hash, analyses.get(hash)!]] : [])));
    },
    async changes(mark, limit) {
      const all = [...chains.values()].flat().filter((entry) => entry.session === null && entry.kind !== "analysis");
      const { some, next } = page(all.reverse(), mark, limit);
      return { entries: some, next };
    },
    async payload(hash) {
      return payloads.get(hash) ?? null;
    },
    async deletePayloads(before, limit) {
      let deleted = 0;
      for (const payload of payloads.values()) {
        if (payload.at >= before.getTime() || deleted === limit) continue;
        payloads.delete(payload.hash);
        deleted += 1;
      }
      return deleted;
    },
  };
}
