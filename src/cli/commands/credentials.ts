import type { Command } from "commander";
import { examples } from "../help.js";
import { collect, type Runner } from "../invocation.js";

/** Passwords for native clients without a tunnel, and the stored ones. */
export function declareCredentials(program: Command, run: Runner): void {
  const group = program.command("credentials").description("passwords for clients without a tunnel, and stored ones");
  examples(
    group
      .command("issue")
      .description("make a short-lived password for one connection; it is shown once")
      .argument("<connection>")
      .option("--ttl <duration>", "how long it is good, like 30m or 8h", "1h")
      .option(
        "--address <network>",
        "an address or network that it is good from; repeatable; any when left out",
        collect,
      )
      .option("--for <client>", "what to print: psql, uri, jdbc, dbeaver, datagrip, pgpass or env")
      .action(run(() => import("../verbs/credentials-issue.js"))),
    [
      ["hoop credentials issue pg-prod --ttl 1h", "host, port, user and password"],
      ['eval "$(hoop credentials issue pg-prod --for psql)"', "straight into psql"],
      ["hoop credentials issue pg-prod --for pgpass >> ~/.pgpass", "for whatever reads .pgpass"],
    ],
  );
  group
    .command("ls")
    .description("list passwords that are good still")
    .option("--all", "everybody's that you may see")
    .option("--users", "users that were made at targets for sessions, instead")
    .action(run(() => import("../verbs/credentials-ls.js")));
  group
    .command("revoke")
    .description("end a password; the sessions that it opened end with it")
    .argument("<id>", "as `credentials ls` shows it, or its user")
    .action(run(() => import("../verbs/credentials-revoke.js")));
  group
    .command("rotate")
    .description("give a connection's stored login a new password, at its target and here")
    .argument("<connection>")
    .action(run(() => import("../verbs/credentials-rotate.js")));
}
