import { fileURLToPath } from "node:url";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { type Replicas, startReplicas } from "../support/replicas.js";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const policy = `
apiVersion: hoop/v1
kind: access
metadata: { name: everything }
spec: { who: everyone, where: everywhere, effects: [read, write, execute, connect, unknown] }
`;

export interface TwoGateways {
  readonly store: PostgresServer;
  readonly target: PostgresServer;
  readonly hoop: Replicas;
}

/**
 * Two gateways on one store, a target "pg" where everybody may do everything, and one runbook. `stops` is told how to stop each of
 * them as soon as it is there.
 */
export async function startTwoGateways(
  stops: (() => Promise<unknown>)[],
  name: string,
  runbook: string,
  sql?: string,
): Promise<TwoGateways> {
  const start = async (options: Parameters<typeof startPostgres>[0]) => {
    const server = await startPostgres(options);
    stops.push(() => server.stop());
    return server;
  };
  const [store, target] = await Promise.all([
    start({ version: 15 }),
    start({ version: 15, ...(sql === undefined ? null : { sql }) }),
  ]);
  const hoop = await startReplicas({ store, cli });
  stops.push(() => hoop.stop());
  const { one, admin, api } = hoop;
  await api(one, admin, "POST", "/connections", {
    ...{ name: "pg", protocol: "postgres", host: target.host, port: target.port, agent: null },
    tls: { mode: "disable" },
    target: { user: target.user, database: target.database },
    secret: target.password,
  });
  await api(one, admin, "POST", "/policy/apply", { text: policy, prune: true });
  await api(one, admin, "PUT", `/runbooks/${name}`, { text: runbook });
  return { store, target, hoop };
}
