import { randomUUID } from "node:crypto";
import type { EntryDraft } from "../../src/recording/index.js";
import {
  type Analysis,
  type Effect,
  type Reason,
  ruleId,
  type Subject,
  sessionId,
  statementId,
} from "../../src/vocabulary/index.js";
import { password } from "../api/support.js";
import type { TestConsole } from "./start-console.js";

/** What a small company would have: users, connections, one open session and recorded ones. */
export interface Sample {
  readonly closed: string;
  readonly open: string;
}

export async function fillWithSample({ deps }: TestConsole): Promise<Sample> {
  const { users, groups } = deps.identity;
  const known = new Set((await groups.list()).map(({ name }) => name));
  for (const name of ["engineers", "writers", "auditors"]) if (!known.has(name)) await groups.create(name, "");
  const grace = await users.create({
    name: "grace",
    kind: "person",
    email: "grace@example.com",
    groups: ["engineers"],
    password,
  });
  await users.create({
    name: "alan",
    kind: "person",
    email: "alan@example.com",
    groups: ["engineers", "writers"],
    password,
  });
  await users.create({ name: "nightly-report", kind: "service", groups: ["engineers"] });
  const subject: Subject = { id: grace.id, kind: "person", name: "grace", groups: ["engineers"], version: 0 };

  const target = { user: "app", database: "shop" };
  const demo = await deps.connections.create(
    { name: "pg-demo", protocol: "postgres", host: "127.0.0.1", labels: { env: "demo" }, target },
    "not to be seen",
  );
  await deps.connections.create(
    {
      name: "pg-prod",
      protocol: "postgres",
      host: "db.internal",
      agent: "site-a",
      labels: { env: "prod", team: "payments" },
      tls: { mode: "verify-full" },
      target,
    },
    "not to be seen",
  );
  await deps.connections.create(
    { name: "warehouse", protocol: "postgres", host: "10.20.0.7", agent: "site-a", labels: { env: "prod" }, target },
    null,
  );

  const session = (open: boolean) => {
    const id = sessionId(randomUUID());
    const record = (entry: EntryDraft) =>
      new Promise<void>((resolve, reject) =>
        deps.recorder.append(entry, (error) => (error ? reject(error) : resolve())),
      );
    const actor = { subject: subject.id, name: subject.name };
    const base = { session: id, actor, connection: demo.name };
    let n = 0;
    return {
      id,
      begin: async () => {
        await record({ kind: "session-opened", ...base, protocol: "postgres", from: "127.0.0.1", reasons: [allowed] });
        await record({
          kind: "session-ready",
          session: id,
          target: "127.0.0.1:5432",
          client: { application_name: "psql" },
        });
        if (open)
          deps.sessions.register({
            id,
            subject: { id: subject.id, name: subject.name },
            connection: { id: demo.id, name: demo.name },
            protocol: "postgres",
            from: "127.0.0.1",
            startedAt: new Date(),
          });
      },
      statement: async (text: string, asked: Asked) => {
        const statement = statementId(id, ++n);
        await record({
          kind: "statement",
          ...base,
          statement,
          phase: "query",
          purpose: "forward",
          outcome: asked.denied ? "deny" : "allow",
          reasons: asked.denied ?? [allowed],
          policyVersion: "7f3a9c21d0b4",
          text,
          values: null,
          shown: text,
          analysis: analysisOf(text, asked.effect, asked.relation),
        });
        if (asked.denied) return;
        await record({
          kind: "statement-finished",
          session: id,
          statement,
          outcome: asked.error ? "error" : "ok",
          rows: asked.rows ?? 0,
          bytes: (asked.rows ?? 0) * 118,
          maskedCells: asked.masked ?? 0,
          durationMs: asked.ms,
          tag: asked.tag,
          detected: asked.detected,
          error: asked.error ? { code: asked.error, text: "relation does not exist" } : undefined,
        });
      },
      end: () =>
        record({
          kind: "session-closed",
          session: id,
          reason: { code: "client-closed", text: "the client said goodbye" },
          bytesIn: 512,
          bytesOut: 20_480,
          statements: n,
          durationMs: 64_000,
        }),
    };
  };

  const closed = session(false);
  await closed.begin();
  await closed.statement(
    "select id, name, email, card_number\n  from customers\n where country = '?'\n order by id limit ?",
    {
      effect: "read",
      relation: "public.customers",
      rows: 50,
      masked: 100,
      detected: { email: 50 },
      ms: 3.42,
      tag: "SELECT 50",
    },
  );
  await closed.statement("delete from customers", {
    effect: "write",
    relation: "public.customers",
    ms: 0,
    denied: [
      {
        rule: ruleId("destructive-needs-where"),
        code: "guard",
        text: "DELETE and UPDATE need a WHERE; without one they change every row",
      },
    ],
  });
  await closed.statement("select count(*) from orders where created_at > now() - interval '?'", {
    effect: "read",
    relation: "public.orders",
    rows: 1,
    ms: 12.8,
    tag: "SELECT 1",
  });
  await closed.statement("select * from ordres", { effect: "read", relation: "?.ordres", ms: 0.9, error: "42P01" });
  await closed.end();

  const open = session(true);
  await open.begin();
  await open.statement("select now()", { effect: "read", relation: null, rows: 1, ms: 0.7, tag: "SELECT 1" });
  return { closed: closed.id, open: open.id };
}

interface Asked {
  readonly effect: Effect;
  readonly relation: string | null;
  readonly ms: number;
  readonly rows?: number;
  readonly masked?: number;
  readonly detected?: Readonly<Record<string, number>>;
  readonly tag?: string;
  readonly error?: string;
  readonly denied?: readonly Reason[];
}

const allowed: Reason = {
  rule: ruleId("engineers-read"),
  code: "access",
  text: "grace is in engineers, who may read everywhere",
};

function analysisOf(shape: string, effect: Effect, relation: string | null): Analysis {
  const access = effect === "write" ? "write" : "read";
  return {
    shape,
    effects: [effect],
    resources: relation === null ? [] : [{ kind: "relation", name: relation, access }],
    attributes: {},
    unknowns: [],
  };
}
