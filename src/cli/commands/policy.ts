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
        "say what would become of a statement, and because of which rules; without a statement, what somebody may do at a connection; without a connection, read the rules out",
      )
      .argument("[statement]", "what would be asked of the target")
      .option("--connection <name>", "at this connection")
      .option("--subject <name>", "as this user; yourself when left out")
      .action(run(() => import("../verbs/policy-explain.js"))),
    [
      ["hoop policy explain 'delete from orders' --connection pg-prod", "would I be allowed to?"],
      ["hoop policy explain --subject ada --connection pg-prod", "what may Ada do there, and why?"],
      ["hoop policy explain", "all rules in sentences"],
    ],
  );
  group
    .command("show")
    .description("print the documents in force, as YAML")
    .action(run(() => import("../verbs/policy-show.js")));
  examples(
    group
      .command("test")
      .description("run the tests of a policy file here, without a gateway; exit code 1 when one fails")
      .requiredOption("-f, --file <file>", "the policy in YAML; - for stdin")
      .action(run(() => import("../verbs/policy-test.js"))),
    [["hoop policy test -f policy.yaml", "before it is merged"]],
  );
  examples(
    group
      .command("simulate")
      .description("decide what was recorded by other rules, and say what would have been different; changes nothing")
      .requiredOption("-f, --file <file>", "the documents to put over those in force; - for stdin")
      .option("--last <time>", "how far back: 12h, 30d, 2w", "7d")
      .option("--prune", "as if what the file does not name were removed")
      .action(run(() => import("../verbs/policy-simulate.js"))),
    [["hoop policy simulate -f new.yaml --last 30d", "who would have been refused?"]],
  );
  examples(
    group
      .command("shadows")
      .description("what rules in shadow mode would have done")
      .option("--rule <name>", "only this one")
      .option("--last <time>", "how far back: 12h, 30d, 2w", "7d")
      .action(run(() => import("../verbs/policy-shadows.js"))),
    [["hoop policy shadows --rule hold-deletes --last 30d", "whom would it have stopped?"]],
  );
  group
    .command("enforce")
    .description("enforce a rule that only watches, or is off")
    .argument("<rule>", "its document's name")
    .option("--yes", "do not ask")
    .action(run(() => import("../verbs/policy-enforce.js")));
  examples(
    group
      .command("budgets")
      .description("what is used of which budget now: your own, and as an auditor everybody's")
      .option("--rule <name>", "only this budget")
      .action(run(() => import("../verbs/policy-budgets.js"))),
    [["hoop policy budgets --rule exports", "who has used what of it?"]],
  );
  group
    .command("grid")
    .description("what rules can say, and which protocols honour it")
    .action(run(() => import("../verbs/policy-grid.js")));
}
