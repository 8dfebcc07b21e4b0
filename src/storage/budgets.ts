import { sql } from "kysely";
import type { BucketSubject, BucketUse, BudgetStore } from "../budgets/index.js";
import type { Store } from "./store.js";
import { mapped } from "./store-error.js";

interface UseRow {
  rule: string;
  measure: BucketUse["measure"];
  owner: string;
  span: BucketUse["span"];
  bucket: string;
  used: string;
}

interface SubjectRow {
  rule: string;
  owner: string;
  span: BucketUse["span"];
  bucket: string;
  subject: string;
}

/** Rows read at a time; the mark says where to go on. */
const page = 50_000;

/**
 * Used budgets on PostgreSQL. Marks come from a sequence, so a transaction that commits late may have one below a mark that
 * was handed out: each look goes back a little, and learning something twice changes nothing.
 */
export function createBudgetStore(store: Store): BudgetStore {
  const { db } = store;
  const overlap = 1_000;
  return {
    add: ({ counts, subjects }) =>
      mapped(() =>
        db.transaction().execute(async (trx) => {
          // Sorted, so that two gateways never wait for each other in a circle.
          const sorted = [...counts].sort((a, b) => compare(orderOf(a), orderOf(b)));
          const { rows } = await sql<UseRow>`
            insert into budget_use (rule, measure, owner, span, bucket, used, mark)
            select rule, measure, owner, span, bucket, used, nextval('budget_marks')
              from jsonb_to_recordset(${JSON.stringify(sorted)}::jsonb)
                as r(rule text, measure text, owner text, span text, bucket bigint, used bigint)
            on conflict (rule, measure, owner, span, bucket)
              do update set used = budget_use.used + excluded.used, mark = excluded.mark
            returning rule, measure, owner, span, bucket, used`.execute(trx);
          if (subjects.length > 0) {
            const named = [...subjects].sort((a, b) => compare(orderOf(a) + a.subject, orderOf(b) + b.subject));
            await sql`
              insert into budget_subjects (rule, owner, span, bucket, subject, mark)
              select rule, owner, span, bucket, subject, nextval('budget_marks')
                from jsonb_to_recordset(${JSON.stringify(named)}::jsonb)
                  as r(rule text, owner text, span text, bucket bigint, subject text)
              on conflict do nothing`.execute(trx);
          }
          return rows.map(useFromRow);
        }),
      ),
    changed: (mark) =>
      mapped(async () => {
        const { rows: marks } = await sql<{ mark: string }>`select last_value as mark from budget_marks`.execute(db);
        const next = marks[0]?.mark ?? "0";
        const from = mark === null ? "-1" : String(BigInt(mark) - BigInt(overlap));
        const counts: BucketUse[] = [];
        const subjects: BucketSubject[] = [];
        for (let after = from; ; ) {
          const { rows } = await sql<UseRow & { mark: string }>`select rule, measure, owner, span, bucket, used, mark
            from budget_use where mark > ${after} order by mark limit ${page}`.execute(db);
          for (const row of rows) counts.push(useFromRow(row));
          if (rows.length < page) break;
          after = rows.at(-1)!.mark;
        }
        for (let after = from; ; ) {
          const { rows } = await sql<SubjectRow & { mark: string }>`select rule, owner, span, bucket, subject, mark
            from budget_subjects where mark > ${after} order by mark limit ${page}`.execute(db);
          for (const row of rows) subjects.push(subjectFromRow(row));
          if (rows.length < page) break;
          after = rows.at(-1)!.mark;
        }
        return { counts, subjects, mark: next };
      }),
    prune: (span, before) =>
      mapped(async () => {
        await sql`delete from budget_use where span = ${span} and bucket < ${before}`.execute(db);
        await sql`delete from budget_subjects where span = ${span} and bucket < ${before}`.execute(db);
      }),
  };
}

const orderOf = (use: Omit<BucketUse, "used">) =>
  `${use.rule}\0${use.measure}\0${use.owner}\0${use.span}\0${use.bucket}\0`;
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function useFromRow(row: UseRow): BucketUse {
  const { rule, measure, owner, span } = row;
  return { rule, measure, owner, span, bucket: Number(row.bucket), used: Number(row.used) };
}

function subjectFromRow(row: SubjectRow): BucketSubject {
  const { rule, owner, span, subject } = row;
  return { rule, measure: "subjects", owner, span, bucket: Number(row.bucket), subject };
}
