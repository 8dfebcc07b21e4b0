import type { OwnRehearsal, OwnRehearsed } from "../../../protocol/index.js";
import { HoopError } from "../../../vocabulary/index.js";
import { versionQuery } from "./catalogue-queries.js";
import { dressSession, limit, quoted } from "./dress-session.js";
import { boundValues, type Run, stateOf } from "./own-client.js";
import { readSample, readTarget, sampleRows, type Target, withKeys } from "./sample-rows.js";
import { readWriteFacts } from "./write-facts.js";

/** Others wait for what a rehearsal locks: it is over soon. */
export const rehearsalLimits = { lockMs: 1_000, statementMs: 5_000 } as const;
/** More rows than this are not kept in our transaction: others would wait for each. */
export const maxRows = 100_000;

/**
 * Tries a write and takes it back. In one transaction of a session of its own: the table is locked against changes of its
 * definition, what it sets off is read and proved, then it runs under the client's role and settings, its deferred constraints are checked,
 * and all is rolled back.
 */
export async function rehearse(run: Run, rehearsal: OwnRehearsal): Promise<OwnRehearsed> {
  await run("BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE");
  try {
    await limit(run, rehearsalLimits);
    const target = await readTarget(run, rehearsal.write.relation);
    if (target === null) return { kind: "untried", why: "its table is no longer there" };
    await lock(run, target);
    if ((await run(versionQuery)).rows[0]?.[0] !== rehearsal.catalogue)
      return { kind: "untried", why: "definitions at the target are changing" };
    const proof = rehearsal.prove(await readWriteFacts(run));
    if (!proof.provable) return { kind: "untried", why: proof.why };
    await dressSession(run, rehearsal, rehearsalLimits);
    const tried = await tryOut(run, rehearsal, target);
    return { kind: "tried", ...tried, triggers: proof.triggers, cascades: proof.cascades };
  } catch (error) {
    return worded(error);
  } finally {
    await run("ROLLBACK");
  }
}

/** As a statement would; who may not lock it by this login may still change it under the client's role. */
async function lock(run: Run, { schema, name }: Target): Promise<void> {
  await run("SAVEPOINT hoop_lock");
  try {
    await run(`LOCK TABLE ${quoted(schema)}.${quoted(name)} IN ROW EXCLUSIVE MODE`);
  } catch (error) {
    if (stateOf(error) !== "42501") throw error;
    await run("ROLLBACK TO SAVEPOINT hoop_lock");
  }
}

type Tried = Pick<Extract<OwnRehearsed, { kind: "tried" }>, "rows" | "keys" | "ran" | "before" | "after">;

async function tryOut(run: Run, rehearsal: OwnRehearsal, target: Target): Promise<Tried> {
  const { values, types } = boundValues(rehearsal);
  const ran = withKeys(rehearsal, target);
  await run("SAVEPOINT hoop_try");
  if (ran !== null) {
    try {
      const { rows } = await run(ran, values, types);
      const [count, keys, sample] = rows[0]!;
      if (Number(count) > maxRows) throw tooMany(Number(count));
      await run("SET CONSTRAINTS ALL IMMEDIATE");
      const list = readSample(sample ?? null);
      const after = rehearsal.write.verb === "DELETE" ? [] : await sampleRows(run, target, list);
      await run("ROLLBACK TO SAVEPOINT hoop_try");
      const before = rehearsal.write.verb === "INSERT" ? [] : await sampleRows(run, target, list);
      return { rows: Number(count), keys: keys ?? null, ran, before, after };
    } catch (error) {
      // What we appended did not fit: the statement alone may.
      if (!stateOf(error)?.startsWith("42")) throw error;
      await run("ROLLBACK TO SAVEPOINT hoop_try");
    }
  }
  const { count } = await run(rehearsal.text, values, types);
  if (count > maxRows) throw tooMany(count);
  await run("SET CONSTRAINTS ALL IMMEDIATE");
  return { rows: count, keys: null, ran: null, before: [], after: [] };
}

function tooMany(count: number): HoopError {
  return new HoopError("too-large", `it changes ${count} rows, more than the ${maxRows} that are looked at`);
}

/** The target's own text may quote values: only its code is told. */
function worded(error: unknown): OwnRehearsed {
  const state = stateOf(error);
  if (error instanceof HoopError) {
    if (error.code === "too-large" || error.code === "unsupported") return { kind: "untried", why: error.message };
    throw error;
  }
  if (state === null) throw error;
  if (state === "55P03") return { kind: "untried", why: "somebody else holds a lock that it needs" };
  if (state === "57014")
    return { kind: "untried", why: `it takes longer than ${rehearsalLimits.statementMs / 1_000} seconds` };
  if (state === "40P01" || state === "40001") return { kind: "untried", why: "it came into conflict with others" };
  if (state === "25006") return { kind: "untried", why: "the target takes no writes now" };
  return { kind: "failed", why: failures[state] ?? `it fails at the target (SQLSTATE ${state})` };
}

const failures: Readonly<Record<string, string>> = {
  "23502": "it fails: a column that must have a value would have none (SQLSTATE 23502)",
  "23503": "it fails: a foreign key does not allow it (SQLSTATE 23503)",
  "23505": "it fails: a key would be there twice (SQLSTATE 23505)",
  "23514": "it fails: a check does not allow it (SQLSTATE 23514)",
  "42501": "it fails: the target does not give this right (SQLSTATE 42501)",
};
