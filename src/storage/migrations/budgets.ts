import { type Migration, sql } from "kysely";

export const budgetsMigrations: Readonly<Record<string, Migration>> = {
  "0010-budgets": {
    async up(db) {
      await sql`create sequence budget_marks`.execute(db);
      await sql`
        create table budget_use (
          rule text not null,
          measure text not null,
          owner text not null,
          span text not null,
          bucket bigint not null,
          used bigint not null,
          mark bigint not null,
          primary key (rule, measure, owner, span, bucket)
        )`.execute(db);
      await sql`create index budget_use_mark on budget_use (mark)`.execute(db);
      await sql`create index budget_use_bucket on budget_use (span, bucket)`.execute(db);
      await sql`
        create table budget_subjects (
          rule text not null,
          owner text not null,
          span text not null,
          bucket bigint not null,
          subject text not null,
          mark bigint not null,
          primary key (rule, owner, span, bucket, subject)
        )`.execute(db);
      await sql`create index budget_subjects_mark on budget_subjects (mark)`.execute(db);
      await sql`create index budget_subjects_bucket on budget_subjects (span, bucket)`.execute(db);
    },
  },
};
