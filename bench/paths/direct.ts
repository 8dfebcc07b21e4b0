import { type Path, serverLogin } from "../path.js";

/** Nothing in between: what every ratio is taken to. */
export const direct: Path = {
  name: "direct",
  start: async (server) => ({
    host: server.host,
    port: server.port,
    env: serverLogin(server),
    pids: {},
    stop: async () => undefined,
  }),
};
