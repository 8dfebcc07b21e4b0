import { sql } from "kysely";
import type { AgentStore, StoredAgent } from "../agents/store.js";
import { agentId } from "../vocabulary/index.js";
import type { Db, Store } from "./store.js";
import { mapped } from "./store-error.js";

interface AgentRow {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly revoked: boolean;
  readonly certificateExpires: Date | null;
}

const columns = sql.raw(`id, name, created_at as "createdAt", revoked_at is not null as revoked,
  certificate_expires_at as "certificateExpires"`);

/** Agents and their join tokens on PostgreSQL. */
export function createAgentStore(store: Store): AgentStore {
  const { db, changes } = store;

  function write<T>(work: (trx: Db) => Promise<T>): Promise<T> {
    return mapped(() =>
      db.transaction().execute(async (trx) => {
        const result = await work(trx);
        await changes.publish("agents", trx);
        return result;
      }),
    );
  }

  return {
    list: () =>
      mapped(async () => {
        const { rows } = await sql<AgentRow>`select ${columns} from agents order by name, created_at`.execute(db);
        return rows.map(agentFromRow);
      }),
    byId: (id) =>
      mapped(async () => {
        const { rows } = await sql<AgentRow>`select ${columns} from agents where id = ${id}`.execute(db);
        return rows[0] === undefined ? null : agentFromRow(rows[0]);
      }),
    createJoinToken: (draft) =>
      mapped(async () => {
        await sql`delete from agent_join_tokens where expires_at < now() - interval '1 day'`.execute(db);
        await sql`insert into agent_join_tokens (hash, agent_name, uses_left, expires_at, created_by)
          values (${draft.hash}, ${draft.agent}, ${draft.uses}, ${draft.expiresAt}, ${draft.by})`.execute(db);
      }),
    findJoinToken: (hash, now) =>
      mapped(async () => {
        const { rows } = await sql<{ agent: string; id: string | null }>`
          select token.agent_name as agent, agents.id from agent_join_tokens token
          left join agents on agents.name = token.agent_name and agents.revoked_at is null
          where token.hash = ${hash} and token.uses_left > 0 and token.expires_at > ${now}`.execute(db);
        const found = rows[0];
        return found === undefined ? null : { agent: found.agent, id: found.id === null ? null : agentId(found.id) };
      }),
    enrol: ({ hash, now, id, certificateExpires }) =>
      write(async (trx) => {
        // The row's lock makes uses count one by one, also across replicas.
        const { rows: used } = await sql<{ agent: string }>`
          update agent_join_tokens set uses_left = uses_left - 1
          where hash = ${hash} and uses_left > 0 and expires_at > ${now} returning agent_name as agent`.execute(trx);
        if (used[0] === undefined) return false;
        const { rows } = await sql<{ id: string }>`
          insert into agents (id, name, certificate_expires_at) values (${id}, ${used[0].agent}, ${certificateExpires})
          on conflict (name) where revoked_at is null
          do update set certificate_expires_at = excluded.certificate_expires_at where agents.id = excluded.id
          returning id`.execute(trx);
        // Two joined as one new name at once: the other's id stands, and this certificate is nobody's.
        return rows.length === 1;
      }),
    renewed: (id, certificateExpires) =>
      mapped(async () => {
        await sql`update agents set certificate_expires_at = ${certificateExpires} where id = ${id}`.execute(db);
      }),
    revoke: (name) =>
      write(async (trx) => {
        await sql`delete from agent_join_tokens where agent_name = ${name}`.execute(trx);
        const { rows } =
          await sql`update agents set revoked_at = now() where name = ${name} and revoked_at is null returning id`.execute(
            trx,
          );
        return rows.length > 0;
      }),
    watch: (listener) => changes.watch("agents", listener),
  };
}

function agentFromRow({ id, ...rest }: AgentRow): StoredAgent {
  return { ...rest, id: agentId(id) };
}
