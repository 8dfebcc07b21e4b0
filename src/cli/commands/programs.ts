import type { Command } from "commander";
import { examples } from "../help.js";
import { collect, type Runner } from "../invocation.js";

/** The programs that run for long. */
export function declarePrograms(program: Command, run: Runner): void {
  examples(
    program
      .command("gateway")
      .description(
        "run a gateway: the central part that decides, records and carries; its settings are environment variables",
      )
      .option("--state <folder>", "where it keeps its journal, keys and database")
      .action(run(() => import("../verbs/gateway.js"))),
    [
      ["hoop gateway", "on this machine, with a PostgreSQL of its own"],
      ["DATABASE_URL=postgres://… hoop gateway", "with yours"],
    ],
  );
  examples(
    program
      .command("agent")
      .description(
        "run an agent: dials out to the gateway and carries bytes to what --allow names, and to nothing else",
      )
      .option("--join <token>", "join with a token of `hoop agents join-token`; needed once")
      .option(
        "--allow <host:ports>",
        "what may be dialled: pg.internal:5432, *.db.internal:5432, 10.0.0.0/8:5432, [fd00::/8]:5432; repeatable",
        collect,
      )
      .option("--state <folder>", "where the agent keeps its key and certificate")
      .option(
        "--allow-plaintext",
        "reach an http:// gateway off loopback, too: whoever is on the way sees and can change everything",
      )
      .option("--max-lanes <n>", "most connections carried at a time")
      .option("--server-name <name>", "the name in the gateway's certificate, when it is not the host of --gateway")
      .option("--ca <file>", "authorities (PEM) to trust besides the gateway's own")
      .option(
        "--metrics-listen <host:port>",
        "where /metrics, /livez and /readyz answer; a port alone is on 127.0.0.1; default: nowhere",
      )
      .option("--drain-ms <ms>", "how long open connections may go on after SIGTERM")
      .option("--dial-ms <ms>", "how long a target may take to accept a connection")
      .action(run(() => import("../verbs/agent.js"))),
    [
      [
        "hoop agent --gateway https://hoop.example.com:7443 --join … --allow 10.0.0.0/24:5432",
        "the first time; later without --join",
      ],
    ],
  );
}
