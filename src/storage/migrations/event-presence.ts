import { type Migration, sql } from "kysely";

/** Which gateways are there and which agents they have, so that somebody notices when a gateway is killed. */
export const eventPresenceMigrations: Readonly<Record<string, Migration>> = {
  "0062-event-presence": {
    async up(db) {
      await sql`create table event_gateways (replica text primary key, seen_at timestamptz not null)`.execute(db);
      // `up`: the event that said so; what says the end of it is named after it.
      await sql`create table event_agents (
        replica text not null, agent text not null, up uuid not null, primary key (replica, agent)
      )`.execute(db);
    },
  },
};
