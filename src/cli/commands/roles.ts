import type { Command } from "commander";
import { examples } from "../help.js";
import { collect, type Runner } from "../invocation.js";

/** Who may do what in Hoop itself. */
export function declareRoles(program: Command, run: Runner): void {
  const group = program.command("roles").description("who may do what in Hoop itself");
  group
    .command("ls")
    .description("list roles and who has them")
    .option("--user <name>", "only what this user has, also by their groups")
    .action(run(() => import("../verbs/roles-ls.js")));
  group
    .command("show")
    .description("show a role, or every permission there is")
    .argument("[name]")
    .action(run(() => import("../verbs/roles-show.js")));
  examples(
    group
      .command("set")
      .description("make a role of your own, or change one")
      .argument("<name>")
      .option("--permission <name>", "all of them; repeatable", collect)
      .option("--description <text>", "what it is for")
      .action(run(() => import("../verbs/roles-set.js"))),
    [["hoop roles set lead --permission connections.read --permission connections.write", "may be given by labels"]],
  );
  examples(
    group
      .command("grant")
      .description("give a role to a group or a user; it counts at once")
      .argument("<role>")
      .option("--group <name>", "to this group")
      .option("--user <name>", "to this user")
      .option("--on <labels>", "on connections with these labels only, like team=payments,env=dev|staging")
      .action(run(() => import("../verbs/roles-grant.js"))),
    [["hoop roles grant lead --group payments-leads --on team=payments", "they manage the connections of their team"]],
  );
  group
    .command("revoke")
    .description("take a role away; it counts at once")
    .argument("<role>")
    .option("--group <name>", "from this group")
    .option("--user <name>", "from this user")
    .option("--on <labels>", "the one that was given with these labels")
    .action(run(() => import("../verbs/roles-revoke.js")));
  group
    .command("rm")
    .description("remove a role of your own; who had it loses it at once")
    .argument("<name>")
    .option("--yes", "do not ask")
    .action(run(() => import("../verbs/roles-rm.js")));
}
