import type { Command } from "commander";
import type { Runner } from "../invocation.js";

/** Groups, which rules and roles match on. */
export function declareGroups(program: Command, run: Runner): void {
  const group = program.command("groups").description("groups, which rules and roles match on");
  group
    .command("ls")
    .description("list groups, what fills them and which roles they carry")
    .action(run(() => import("../verbs/groups-ls.js")));
  group
    .command("add")
    .description("add a group")
    .argument("<name>")
    .option("--description <text>", "what it is for")
    .action(run(() => import("../verbs/groups-add.js")));
  group
    .command("rm")
    .description("remove a group; its members lose what it gives at once")
    .argument("<name>")
    .option("--yes", "do not ask")
    .action(run(() => import("../verbs/groups-rm.js")));
}
