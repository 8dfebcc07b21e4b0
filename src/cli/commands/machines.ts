import type { Command } from "commander";
import { examples } from "../help.js";
import { collect, type Runner } from "../invocation.js";

/** What a key, a trust or a delegation is bounded to. */
function bounded(command: Command): Command {
  return command
    .option("--connections <pattern>", "only connections whose name fits, * stands for anything; repeatable", collect)
    .option("--label <name=value>", "only connections with this label; repeatable, all of them", collect)
    .option("--read-only", "only statements that read, and requests that change nothing");
}

/** Service accounts, agents of AI, and for whom they act. */
export function declareMachines(program: Command, run: Runner): void {
  declareAccounts(program, run);
  declareFederation(program, run);
  declareDelegations(program, run);
}

function declareAccounts(program: Command, run: Runner): void {
  const group = program.command("service-accounts").description("service accounts, agents of AI and their keys");
  group
    .command("ls")
    .description("list them with their keys")
    .action(run(() => import("../verbs/service-accounts-ls.js")));
  examples(
    group
      .command("add")
      .description("add a service account; it gets in by a key, or by workload tokens of a trusted issuer")
      .argument("<name>")
      .option("--agent", "an agent of AI, which acts for people")
      .option("--group <name>", "repeatable", collect)
      .action(run(() => import("../verbs/service-accounts-add.js"))),
    [
      ["hoop service-accounts add deploy --group writers", "for a pipeline"],
      ["hoop service-accounts add claude-ci --agent --group engineers", "an agent of AI"],
    ],
  );
  group
    .command("disable")
    .description("make its keys and tokens worth nothing, and end what they opened within a second")
    .argument("<name>")
    .action(run(() => import("../verbs/service-accounts-disable.js")));
  group
    .command("enable")
    .description("let its keys count again")
    .argument("<name>")
    .action(run(() => import("../verbs/service-accounts-enable.js")));
  group
    .command("rm")
    .description("remove one with its keys, trusts and delegations")
    .argument("<name>")
    .option("--yes", "do not ask")
    .action(run(() => import("../verbs/service-accounts-rm.js")));
  examples(
    bounded(
      group
        .command("key")
        .description("make a key and print it once; several may be in use, so that one is replaced without a gap")
        .argument("<account>")
        .argument("<name>", "what the key is called")
        .option("--expires <duration>", "how long it lasts, at most a year", "90d")
        .option("--source <network>", "only from this address or network; repeatable", collect)
        .option("--permission <name>", "what the API may be asked for, at most; repeatable", collect),
    ).action(run(() => import("../verbs/service-accounts-key.js"))),
    [
      ["hoop service-accounts key deploy github --expires 30d --connections 'pg-*' > key", "bounded, for a month"],
      ["hoop service-accounts key report nightly --read-only --source 10.1.0.0/16", "from one network, reading only"],
    ],
  );
  group
    .command("revoke")
    .description("revoke a key; what it opened ends within a second")
    .argument("<account>")
    .argument("<key>", "name or id")
    .action(run(() => import("../verbs/service-accounts-revoke.js")));
}

function declareFederation(program: Command, run: Runner): void {
  const group = program
    .command("federation")
    .description("issuers whose workload tokens are taken, so that pipelines need no key");
  group
    .command("ls")
    .description("list trusted issuers")
    .action(run(() => import("../verbs/federation-ls.js")));
  examples(
    bounded(
      group
        .command("trust")
        .description(
          "trust an issuer's tokens with these claims to become a service account; replaces one of that name",
        )
        .argument("<name>")
        .requiredOption("--account <name>", "what they become")
        .requiredOption("--issuer <url>", "as in the tokens, to the letter; `github` for GitHub Actions")
        .option("--audience <text>", "what tokens must be made for; the gateway's public URL when left out")
        .requiredOption(
          "--claim <name=pattern>",
          "repeatable; * stands for anything, several of one name are alternatives",
          collect,
        )
        .option("--condition <expression>", "CEL over `claims` that must hold as well")
        .option("--token-life <duration>", "how long the token given in return lasts", "15m")
        .option("--reusable", "take a workload token more than once while it lasts"),
    ).action(run(() => import("../verbs/federation-trust.js"))),
    [
      [
        "hoop federation trust app-main --account deploy --issuer github --claim repository=octo/app --claim ref=refs/heads/main",
        "the main branch of one repository",
      ],
    ],
  );
  group
    .command("rm")
    .description("trust it no more; what was got under it ends within a second")
    .argument("<name>")
    .option("--yes", "do not ask")
    .action(run(() => import("../verbs/federation-rm.js")));
}

function declareDelegations(program: Command, run: Runner): void {
  const group = bounded(
    program
      .command("delegate")
      .description("let a service account or an agent of AI act for you, with the rights that both have")
      .argument("<machine>")
      .option("--for <duration>", "how long, at most 30 days", "2h")
      .option("--yes", "do not ask"),
  ).action(run(() => import("../verbs/delegate.js")));
  examples(group, [
    ["hoop delegate claude-ci --for 2h --connections 'pg-*' --read-only", "two hours, reading only"],
    ["hoop delegate ls", "who acts for you"],
  ]);
  group
    .command("ls")
    .description("list who acts for you, or for whom you act")
    .option("--all", "everybody's")
    .action(run(() => import("../verbs/delegate-ls.js")));
  group
    .command("end")
    .description("end a delegation, and within a second what was opened under it")
    .argument("<id>", "as `hoop delegate ls` shows it, or its first characters")
    .action(run(() => import("../verbs/delegate-end.js")));
}
