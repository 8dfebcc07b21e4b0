/**
 * What recording one statement costs: CPU time a statement, sealing, hashing and writing to the journal included.
 * `node scripts/run.mjs bench/recorder`
 */
import { randomUUID } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import type { EntryDraft } from "../src/recording/index.js";
import { type Analysis, sessionId, statementId } from "../src/vocabulary/index.js";
import { startBenchRecorder } from "./micro/bench-recorder.js";

const statements = Number(process.argv[2] ?? 100_000);
const perTurn = 32;

const { recorder, close } = await startBenchRecorder();

const session = sessionId(randomUUID());
const actor = { subject: randomUUID(), name: "alice@example.com" };
const reasons = [{ rule: null, code: "allowed", text: "engineers may read" }];
const analysis: Analysis = {
  shape: "select abalance from pgbench_accounts where aid = $1",
  effects: ["read"],
  resources: [
    { kind: "relation", name: "public.pgbench_accounts", access: "read" },
    { kind: "column", name: "public.pgbench_accounts.abalance", access: "read" },
    { kind: "column", name: "public.pgbench_accounts.aid", access: "read" },
  ],
  attributes: { utility: [] },
  unknowns: [],
};
const prepared = "SELECT abalance FROM pgbench_accounts WHERE aid = $1;";

function statement(n: number, kind: "prepared" | "simple"): EntryDraft {
  return {
    kind: "statement",
    session,
    statement: statementId(session, n),
    actor,
    connection: "pg-bench",
    phase: kind === "prepared" ? "execute" : "statement",
    purpose: "forward",
    outcome: "allow",
    reasons,
    policyVersion: "1",
    text: kind === "prepared" ? prepared : `SELECT abalance FROM pgbench_accounts WHERE aid = ${n};`,
    values: kind === "prepared" ? [Buffer.from(String(n))] : null,
    shown: prepared,
    analysis,
  };
}

async function measure(name: string, draft: (n: number) => EntryDraft): Promise<void> {
  const before = process.cpuUsage();
  const bytes = recorder.journal.usedBytes;
  for (let n = 0; n < statements; n += perTurn) {
    for (let i = 0; i < perTurn; i++) recorder.append(draft(n + i), () => {});
    await turn();
  }
  await recorder.flush();
  const used = process.cpuUsage(before);
  const micros = (used.user + used.system) / statements;
  console.log(
    `${name.padEnd(34)} ${micros.toFixed(2)} us CPU  ${((recorder.journal.usedBytes - bytes) / statements).toFixed(0)} bytes`,
  );
}

const finished = (n: number): EntryDraft => ({
  kind: "statement-finished",
  session,
  statement: statementId(session, n),
  outcome: "ok",
  rows: 1,
  bytes: 20,
  maskedCells: 0,
  durationMs: 1.5,
  tag: "SELECT 1",
});
for (const round of ["warm-up", "measured"]) {
  console.log(round);
  await measure("prepared, one value sealed", (n) => statement(n, "prepared"));
  await measure("simple, text sealed", (n) => statement(n, "simple"));
  await measure("no literal: nothing to seal", (n) => ({
    ...(statement(n, "simple") as Extract<EntryDraft, { kind: "statement" }>),
    text: prepared,
  }));
  await measure("finished", finished);
}
await close();
