import type { Command } from "commander";
import { examples } from "../help.js";
import type { Runner } from "../invocation.js";

/** The agents in private networks. */
export function declareAgents(program: Command, run: Runner): void {
  const group = program.command("agents").description("the agents in private networks");
  group
    .command("ls")
    .description("list agents and whether they are connected")
    .action(run(() => import("../verbs/agents-ls.js")));
  examples(
    group
      .command("join-token")
      .description("make a token with which one new agent may join, once, soon")
      .argument("<name>", "the agent's name")
      .option("--ttl <duration>", "how long it is good, like 15m or 2h", "15m")
      .action(run(() => import("../verbs/agents-join-token.js"))),
    [["hoop agents join-token site-a", "prints the token and the command for the other machine"]],
  );
  group
    .command("revoke")
    .description("refuse this agent from now on; its lanes end")
    .argument("<name>")
    .option("--yes", "do not ask")
    .action(run(() => import("../verbs/agents-revoke.js")));
}
