import { sql } from "kysely";
import type { Identity } from "../../identity/index.js";
import type { RunSubjects } from "../../runbooks/index.js";
import { createFindPeople } from "../../storage/people.js";
import type { Store } from "../../storage/store.js";
import { mapped } from "../../storage/store-error.js";
import { subjectId } from "../../vocabulary/index.js";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Subjects as the store has them at this moment. */
export function createRunSubjects(store: Store, { roles }: Pick<Identity, "roles">): RunSubjects {
  const find = createFindPeople(store);
  const byId: RunSubjects["byId"] = async (id) =>
    uuid.test(id) ? ((await find([subjectId(id)])).get(subjectId(id)) ?? null) : null;
  return {
    byId,
    async byName(name) {
      const { rows } = await mapped(() =>
        sql<{ id: string }>`select id from subjects where name = ${name} and removed_at is null`.execute(store.db),
      );
      return rows[0] === undefined ? null : byId(rows[0].id);
    },
    mayRunAny: (subject) => roles.rights(subject).has("runbooks.run"),
  };
}
