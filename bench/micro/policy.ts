/**
 * What a decision costs with a thousand rules loaded, by what the rules look at, for statements whose shape is known.
 * `node scripts/run.mjs bench/micro/policy [rules]`
 */
import { randomUUID } from "node:crypto";
import type { Situation } from "../../src/policy/index.js";
import { compilePolicy, parseDocuments } from "../../src/policy/index.js";
import { type Analysis, connectionId, subjectId } from "../../src/vocabulary/index.js";

const count = Number(process.argv[2] ?? 1000);
const rounds = 200_000;

const document = (kind: string, name: string, spec: object) => ({
  apiVersion: "hoop/v1",
  kind,
  metadata: { name },
  spec,
});
const access = document("access", "read", { who: "everyone", where: "everywhere", effects: ["read"] });
const many = (make: (n: number) => object) => [access, ...Array.from({ length: count }, (_, n) => make(n))];
const guard = (n: number, when: object, more: object = {}) =>
  document("guard", `g${n}`, { when, action: "deny", ...more });

/** Each set's rules all concern the subject; none catches the statement. */
const sets: Readonly<Record<string, readonly object[]>> = {
  "no rules but one": [access],
  "relations, functions, columns": many((n) =>
    guard(
      n,
      n % 3 === 0
        ? { relations: { any: `secret${n}.*` } }
        : n % 3 === 1
          ? { functions: { any: `f${n}` } }
          : { columns: { any: `*.c${n}` } },
    ),
  ),
  "CEL on the statement": many((n) => guard(n, { cel: `statement.relations.exists(r, r == "public.t${n}")` })),
  "time, of statements of another shape": many((n) =>
    guard(n, { relations: { any: `secret${n}.*` }, time: { hours: "22:00-06:00" } }),
  ),
  "time, of every statement": many((n) => guard(n, { time: { hours: "22:00-06:00" } })),
  "second factor, of another shape": many((n) =>
    document("guard", `g${n}`, {
      when: { effects: { any: "write" } },
      action: "challenge",
      challenge: { fresh: "15m" },
    }),
  ),
  "shadow, relations": many((n) => guard(n, { relations: { any: `secret${n}.*` } }, { mode: "shadow" })),
  "ten budgets among them": many((n) =>
    n < 10
      ? document("budget", `g${n}`, { measure: "rows", limit: 1_000_000, per: "day", action: "stop" })
      : guard(n, { relations: { any: `secret${n}.*` } }),
  ),
};

const analysisOf = (n: number): Analysis => ({
  shape: `s${n}`,
  effects: ["read"],
  resources: [
    { kind: "relation", name: "public.orders", access: "read" },
    { kind: "column", name: "public.orders.note", access: "read" },
    { kind: "function", name: "pg_catalog.lower", access: "execute" },
  ],
  attributes: { database: "app", role: "app" },
  unknowns: [],
});

const base: Omit<Situation, "analysis"> = {
  subject: { id: subjectId(randomUUID()), kind: "person", name: "anna", groups: ["engineers"], version: 1 },
  connection: {
    id: connectionId(randomUUID()),
    name: "pg",
    protocol: "postgres",
    host: "db",
    port: 5432,
    agent: null,
    labels: { env: "prod" },
    tls: { mode: "disable" },
    target: {},
    exposesCredentialToAgent: false,
    version: 1,
  },
  now: Date.UTC(2026, 0, 5, 10),
  freshness: () => null,
  usage: () => 0,
};

console.log(`${count} rules; microseconds a decision`);
console.log("rules look at".padEnd(40), "shape known".padStart(12), "shape new".padStart(12), "cacheable".padStart(10));
for (const [name, documents] of Object.entries(sets)) {
  const set = compilePolicy(parseDocuments(JSON.stringify(documents)));
  const shapes = Array.from({ length: 100 }, (_, n) => analysisOf(n));
  const fresh = time(() => set.decide({ ...base, analysis: shapes.pop()! }), 100);
  const analysis = analysisOf(0);
  const situation = { ...base, analysis };
  if (set.decide(situation).verdict.outcome !== "allow") throw new Error(`${name}: not allowed`);
  const times = Math.ceil(rounds / (name === "time, of every statement" ? 20 : 1));
  time(() => set.decide(situation), times / 4);
  const known = Math.min(...[1, 2, 3].map(() => time(() => set.decide(situation), times)));
  const cacheable = set.decide(situation).dependsOn.size === 1 ? "yes" : "no";
  console.log(name.padEnd(40), known.toFixed(3).padStart(12), fresh.toFixed(1).padStart(12), cacheable.padStart(10));
}

function time(act: () => unknown, times: number): number {
  const before = process.hrtime.bigint();
  for (let n = 0; n < times; n++) act();
  return Number(process.hrtime.bigint() - before) / times / 1000;
}
