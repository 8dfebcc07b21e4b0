import type { ConnectionSource } from "../../connections/index.js";
import type { StepLanes } from "../../runbooks/index.js";
import { HoopError } from "../../vocabulary/index.js";
import { openRunLane, type RunLanePorts } from "./lane.js";
import { sendCommand } from "./send-command.js";
import { sendHttp } from "./send-http.js";
import { sendSql } from "./send-sql.js";

/** Which protocol each kind of step speaks. */
const spoken = { sql: "postgres", run: "ssh", http: "http" } as const;

/** The lanes of steps, each a recorded session. */
export function createStepLanes(ports: RunLanePorts, connections: ConnectionSource): StepLanes {
  return {
    async send(target, sending, signal) {
      const connection = connections.byName(target.connection);
      if (!connection) throw new HoopError("denied", "there is no such connection, or it may not be used");
      if (connection.protocol !== spoken[sending.kind])
        throw new HoopError(
          "unsupported",
          `${connection.name} speaks ${connection.protocol}, and a step of ${sending.kind} needs ${spoken[sending.kind]}`,
        );
      signal.throwIfAborted();
      const lane = openRunLane(ports, target);
      if (sending.kind === "sql") return sendSql(lane, connection, sending, signal);
      if (sending.kind === "run") return sendCommand(lane, connection, sending, signal);
      return sendHttp(lane, connection, sending, signal);
    },
  };
}
