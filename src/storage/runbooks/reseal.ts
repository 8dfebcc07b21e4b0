import { sql } from "kysely";
import type { KeyRing } from "../../secrets/index.js";
import type { Store } from "../store.js";
import { mapped } from "../store-error.js";
import { createRunSealer } from "./sealer.js";

interface SealedRow {
  readonly run: string;
  readonly n: number;
  readonly key_id: string;
  readonly sealed: Buffer;
}

const batch = 200;
const zero = "00000000-0000-0000-0000-000000000000";

/**
 * Seals parameters and outputs of runs anew under the ring's newest key. A row that was written meanwhile is left: it has that key, or
 * the next rotation finds it. Answers how many.
 */
export function resealRuns(store: Pick<Store, "db">, keys: KeyRing): Promise<number> {
  const sealer = createRunSealer(keys);
  return mapped(async () => (await parameters()) + (await steps()));

  async function parameters(): Promise<number> {
    let [count, after] = [0, zero];
    for (;;) {
      const { rows } = await sql<SealedRow>`select id as run, key_id, parameters as sealed from runbook_runs
        where id > ${after}::uuid and key_id <> ${keys.current().id} order by id limit ${batch}`.execute(store.db);
      for (const row of rows) {
        const place = `${row.run}\0parameters`;
        const { keyId, sealed } = sealer.seal(place, await sealer.open(place, row));
        const done = await sql`update runbook_runs set key_id = ${keyId}, parameters = ${sealed}
          where id = ${row.run}::uuid and parameters = ${row.sealed}`.execute(store.db);
        count += Number(done.numAffectedRows);
      }
      if (rows.length < batch) return count;
      after = rows.at(-1)!.run;
    }
  }

  async function steps(): Promise<number> {
    let [count, after, n] = [0, zero, -1];
    for (;;) {
      const { rows } = await sql<SealedRow>`select run, n, key_id, sealed from runbook_steps
        where (run, n) > (${after}::uuid, ${n}) and key_id <> ${keys.current().id} order by run, n limit ${batch}`.execute(
        store.db,
      );
      for (const row of rows) {
        const place = `${row.run}\0step\0${row.n}`;
        const { keyId, sealed } = sealer.seal(place, await sealer.open(place, row));
        const done = await sql`update runbook_steps set key_id = ${keyId}, sealed = ${sealed}
          where run = ${row.run}::uuid and n = ${row.n} and sealed = ${row.sealed}`.execute(store.db);
        count += Number(done.numAffectedRows);
      }
      if (rows.length < batch) return count;
      ({ run: after, n } = rows.at(-1)!);
    }
  }
}
