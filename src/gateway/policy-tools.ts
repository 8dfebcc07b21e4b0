import type { PolicyTools } from "../api/policy-port.js";
import type { KnownColumns } from "../policy/index.js";
import { createFindPeople } from "../storage/people.js";
import { createRecordedHistory } from "../storage/recorded-history.js";
import { type Catalogue, type Connection, HoopError, type SubjectId, subjectId } from "../vocabulary/index.js";
import { abilitiesOf } from "./abilities.js";
import type { ApiParts } from "./api-deps.js";
import { testStatementReader } from "./offline/read-test-statement.js";

/** How long a plan waits for a target's catalogue; what is not known by then is not checked. */
const catalogueWaitMs = 3_000;

/** What the policy routes look at, on what the assembly has made. */
export function policyTools(parts: ApiParts, freshly: () => Promise<void>): PolicyTools {
  const { analyser, connections, protocols } = parts;
  const abilities = [...protocols.values()].map(abilitiesOf);
  const recorded = createRecordedHistory(parts.store);
  const people = createFindPeople(parts.store);
  return {
    protocols: abilities,
    checks: {
      read: testStatementReader({ postgresql: analyser }),
      connections: () => connections.source.list(),
      protocols: abilities,
      columns: (connection) => columnsOf(parts, connection),
    },
    history: {
      analyses: (hashes) => recorded.analyses(hashes),
      async *read(since, until, options) {
        await freshly();
        yield* recorded.read(since, until, options);
      },
    },
    today: {
      subject: async (id) => (await people([asSubject(id)])).values().next().value ?? null,
      connection: (name) => connections.source.byName(name) ?? null,
    },
    grants: (subject) => parts.reviews.grants.of(subject),
    budgets: parts.budgets,
  };
}

const asSubject = (id: string): SubjectId => subjectId(id);

/** Of the connection's default database; null when its catalogue cannot be had soon. */
function columnsOf({ catalogues, protocols }: ApiParts, connection: Connection): Promise<KnownColumns | null> {
  if (!protocols.get(connection.protocol)?.can.has("catalogue")) return Promise.resolve(null);
  const database = String(connection.target["database"] ?? connection.target["user"] ?? "");
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(null), catalogueWaitMs);
    catalogues.read(connection, database, "policy", (found: Catalogue | HoopError) => {
      clearTimeout(late);
      resolve(found instanceof HoopError ? null : columnsFrom(found));
    });
  });
}

function columnsFrom({ relations }: Catalogue): KnownColumns {
  return new Map(
    relations.map(({ schema, name, columns }) => [
      `${schema}.${name}`.toLowerCase(),
      new Set(columns.map((column) => column.name.toLowerCase())),
    ]),
  );
}
