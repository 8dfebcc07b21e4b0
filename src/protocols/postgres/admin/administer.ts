import { setTimeout as sleep } from "node:timers/promises";
import type { Protocol } from "../../../protocol/index.js";
import { type AdminFacts, HoopError, type TargetAdmin } from "../../../vocabulary/index.js";
import { dropUser } from "./drop-user.js";
import { obstacleTo, readFacts } from "./facts.js";
import { makeUser } from "./make-user.js";
import { connectOwn } from "./own-connection.js";
import { identifier, literal } from "./quote.js";
import { scramVerifier } from "./scram-verifier.js";

/** Users at a PostgreSQL, made and removed by the connection's stored login. */
export const administer: NonNullable<Protocol["administer"]> = async (
  open,
  connection,
  credential,
): Promise<TargetAdmin> => {
  const stored = connection.target.database;
  const database = typeof stored === "string" && stored !== "" ? stored : credential.user;
  const admin = await connectOwn(open, connection, credential, database);
  const toDatabase = (name: string) => connectOwn(open, connection, credential, name);
  let known: AdminFacts | null = null;
  const facts = async (): Promise<AdminFacts> => {
    known = await readFacts(admin);
    return known;
  };
  return {
    facts,
    obstacle: async (roles) => obstacleTo(admin, await facts(), roles),
    makeUser: async (wish) => makeUser(admin, known ?? (await facts()), wish),
    extendUser: async (name, until) =>
      void (await admin.run(`ALTER ROLE ${identifier(name)} VALID UNTIL ${literal(until.toISOString())}`)),
    dropUser: async (name, heir) => dropUser(admin, known ?? (await facts()), toDatabase, { name, heir }),
    changePassword: async (user, secret) =>
      void (await admin.run(`ALTER ROLE ${identifier(user)} PASSWORD ${literal(await scramVerifier(secret))}`)),
    async reached(place, withinMs) {
      const until = Date.now() + withinMs;
      for (let wait = 2; ; wait = Math.min(wait * 2, 100)) {
        const [row] = await admin.ask(
          "SELECT NOT pg_is_in_recovery() OR COALESCE(pg_last_wal_replay_lsn() >= $1::pg_lsn, false)",
          [place],
        );
        if (row?.[0] === true) return;
        if (Date.now() > until)
          throw new HoopError("unavailable", "the target has not caught up with the server where its users are made", {
            hint: "is its replication running?",
          });
        await sleep(wait);
      }
    },
    ping: async () => void (await admin.ask("SELECT 1")),
    get lost() {
      return admin.lost;
    },
    close: () => admin.close(),
  };
};
