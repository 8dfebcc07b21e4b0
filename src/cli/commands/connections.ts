import type { Command } from "commander";
import { examples } from "../help.js";
import { collect, type Runner } from "../invocation.js";

/** The targets. */
export function declareConnections(program: Command, run: Runner): void {
  const group = program.command("connections").description("the targets that people connect to");
  examples(
    group
      .command("ls")
      .description("list connections")
      .action(run(() => import("../verbs/connections-ls.js"))),
    [["hoop connections ls --json | jq -r '.[].name'", "names alone"]],
  );
  examples(
    described(group.command("add").description("add a connection").argument("<name>", "becomes <name>.hoop")).action(
      run(() => import("../verbs/connections-add.js")),
    ),
    [
      [
        "hoop connections add pg-prod --host 10.0.0.5 --agent site-a --user app --password-stdin < secret",
        "a PostgreSQL behind the agent site-a",
      ],
      ["hoop connections add pg-dev --host localhost --label env=dev --user postgres", "asks for the password"],
    ],
  );
  examples(
    described(
      group.command("edit").description("change a connection; what is left out stays").argument("<name>"),
    ).action(run(() => import("../verbs/connections-edit.js"))),
    [["hoop connections edit pg-prod --port 6432 --label tier=gold", "another port, one more label"]],
  );
  group
    .command("rm")
    .description("remove a connection; its sessions end")
    .argument("<name>")
    .option("--yes", "do not ask")
    .action(run(() => import("../verbs/connections-rm.js")));
  group
    .command("test")
    .description("reach the target through its agent and log in; exit code 8 when that fails")
    .argument("<name>")
    .action(run(() => import("../verbs/connections-test.js")));
}

function described(command: Command): Command {
  return command
    .option("--protocol <protocol>", "what the target speaks; postgres when left out")
    .option("--host <host>", "the target as its agent sees it: a name or an address")
    .option("--port <port>", "the target's port; the protocol's own when left out")
    .option("--agent <name>", "the agent that dials; `none`: the gateway dials itself")
    .option("--label <key=value>", "a label that rules can match; repeatable; `key=` removes it", collect)
    .option("--target <key=value>", "what only this protocol knows, such as database=shop; repeatable", collect)
    .option(
      "--credential <key=value>",
      "where the credential comes from, such as users=ephemeral, roles=app_rw or from=vault:kv/data/pg#password; repeatable",
      collect,
    )
    .option("--tls <mode>", "TLS to the target: disable, prefer, require, verify-ca, verify-full")
    .option("--tls-ca <file>", "PEM of the authority that signs the target's certificate")
    .option("--tls-server-name <name>", "the name in the target's certificate, when it is not the host")
    .option("--user <name>", "the target's user that Hoop logs in as")
    .option("--password-stdin", "read the target's password from stdin; otherwise it is asked for")
    .option(
      "--secret-file <file>",
      "read the target's secret from a file: a private key, a token; its last line end is dropped",
    )
    .option(
      "--exposes-credential-to-agent",
      "accept that the agent could see the target's password (login without verified TLS)",
    );
}
