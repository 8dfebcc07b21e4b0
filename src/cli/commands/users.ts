import type { Command } from "commander";
import { examples } from "../help.js";
import { collect, type Runner } from "../invocation.js";

/** Local users. */
export function declareUsers(program: Command, run: Runner): void {
  const group = program.command("users").description("local users and their groups");
  group
    .command("ls")
    .description("list users")
    .action(run(() => import("../verbs/users-ls.js")));
  examples(
    group
      .command("add")
      .description("add a user; prints the one-time password, or takes one from stdin")
      .argument("<name>")
      .option("--email <address>", "where to write to them")
      .option("--group <name>", "repeatable", collect)
      .option("--password-stdin", "read the password from stdin")
      .action(run(() => import("../verbs/users-add.js"))),
    [["hoop users add ada --group engineers --email ada@example.com", "a new engineer"]],
  );
  group
    .command("edit")
    .description("change a user; what is left out stays")
    .argument("<name>")
    .option("--email <address>", "where to write to them")
    .option("--group <name>", "the groups, all of them; repeatable", collect)
    .option("--password-stdin", "read a new password from stdin")
    .action(run(() => import("../verbs/users-edit.js")));
  group
    .command("disable")
    .description("end every session of a user within a second, and let nobody in under that name")
    .argument("<name>")
    .action(run(() => import("../verbs/users-disable.js")));
  group
    .command("rm")
    .description("remove a user and end all they have open; what was recorded stays")
    .argument("<name>")
    .option("--yes", "do not ask")
    .action(run(() => import("../verbs/users-rm.js")));
  group
    .command("reset-factors")
    .description("take a user's second factors away, for one who lost them; ends their logins")
    .argument("<name>")
    .option("--yes", "do not ask")
    .action(run(() => import("../verbs/users-reset-factors.js")));
  group
    .command("enable")
    .description("let a disabled user in again")
    .argument("<name>")
    .action(run(() => import("../verbs/users-enable.js")));
}
