import type { Command } from "commander";
import { examples } from "../help.js";
import type { Runner } from "../invocation.js";

/** The rules. */
export function declarePolicy(program: Command, run: Runner): void {
  examples(
    program
      .command("apply")
      .description("show what a policy file would change, ask, and apply it")
      .requiredOption("-f, --file <file>", "the policy in YAML; - for stdin")
      .option("--plan", "only show; exit code 0 also when something would change")
      .option("--prune", "remove what the file does not name")
      .option("--yes", "do not ask")
      .action(run(() => import("../verbs/apply.js"))),
    [
      ["hoop apply -f policy.yaml", "shows the plan and asks"],
      ["hoop apply -f policy.yaml --yes", "in a pipeline"],
    ],
  );
  const group = program.command("policy").description("the rules in force");
  examples(
    group
      .command("explain")
      .description(
        "say what would become of a statement, and because of which rules; without a statement, read the rules out",
      )
      .argument("[statement]", "what would be asked of the target")
      .option("--connection <name>", "at this connection")
      .option("--subject <name>", "as this user; yourself when left out")
      .action(run(() => import("../verbs/policy-explain.js"))),
    [
      ["hoop policy explain 'delete from orders' --connection pg-prod", "would I be allowed to?"],
      ["hoop policy explain", "all rules in sentences"],
    ],
  );
  group
    .command("show")
    .description("print the documents in force, as YAML")
    .action(run(() => import("../verbs/policy-show.js")));
}
