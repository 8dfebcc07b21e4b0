import { sql } from "kysely";
import type { FindPeople } from "../reviews/ports.js";
import { type SubjectRow, subjectColumns, subjectFromRow } from "./identity/rows.js";
import type { Store } from "./store.js";
import { mapped } from "./store-error.js";

/** People as they are now, read anew each time: an approval of somebody who was disabled a moment ago must not count. */
export function createFindPeople({ db }: Pick<Store, "db">): FindPeople {
  return (ids) =>
    mapped(async () => {
      if (ids.length === 0) return new Map();
      const { rows } = await sql<SubjectRow>`select ${subjectColumns} from subjects s
        where s.id = any(${[...ids]}::uuid[]) and s.removed_at is null and s.disabled_at is null`.execute(db);
      return new Map(
        rows
          .map(subjectFromRow)
          .map(({ id, kind, name, email, groups, version }) => [
            id,
            { id, kind, name, ...(email === null ? {} : { email }), groups, version },
          ]),
      );
    });
}
