import { fileURLToPath } from "node:url";
import { type Path, serverLogin } from "../path.js";
import { freePort, listening, type Running, start } from "../peers/process.js";

const pipe = fileURLToPath(new URL("../peers/pipe.js", import.meta.url));

/** Three Node processes that do nothing but copy: the floor for three processes. */
export const pipes: Path = {
  name: "3 pipes",
  async start(server) {
    const hops: Running[] = [];
    let next = server.port;
    for (let hop = 0; hop < 3; hop++) {
      const port = await freePort();
      const process_ = start(process.execPath, [pipe, String(port), String(next)]);
      hops.push(process_);
      await listening(port, process_);
      next = port;
    }
    return {
      host: "127.0.0.1",
      port: next,
      env: serverLogin(server),
      pids: Object.fromEntries(hops.map(({ pid }, index) => [`pipe ${3 - index}`, pid])),
      async stop() {
        for (const hop of hops.reverse()) await hop.stop();
      },
    };
  },
};
