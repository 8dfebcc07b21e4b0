import type { Command } from "commander";
import { examples } from "../help.js";
import { collect, type Runner } from "../invocation.js";

/** Second factors: answering them, and having them. */
export function declareMfa(program: Command, run: Runner): void {
  const group = program
    .command("mfa")
    .description("answer the second factor that a rule asks for; without a name, the newest question")
    .argument("[question]", "as the program that waits shows it, like BCDFG-HJKLM")
    .option("--for <connection>", "answer for a connection before it asks")
    .option("--browser", "answer on the console's page, by passkey")
    .action(run(() => import("../verbs/mfa.js")));
  examples(group, [
    ["hoop mfa", "answer what waits, with a code of your authenticator"],
    ["hoop mfa BCDFG-HJKLM --browser", "answer this question with a passkey"],
  ]);
  group
    .command("enrol")
    .description("set up an authenticator: scan the picture, type the code")
    .option("--passkey", "a passkey instead, in the browser")
    .action(run(() => import("../verbs/mfa-enrol.js")));
  group
    .command("ls")
    .description("list your second factors")
    .action(run(() => import("../verbs/mfa-ls.js")));
  group
    .command("rm")
    .description("remove a second factor")
    .argument("<factor>", "its name, or the start of its id")
    .option("--yes", "do not ask")
    .action(run(() => import("../verbs/mfa-rm.js")));
  group
    .command("codes")
    .description("make new recovery codes; the old ones are worth nothing from then on")
    .option("--yes", "do not ask")
    .action(run(() => import("../verbs/mfa-codes.js")));
  examples(
    group
      .command("policy")
      .description("show or say who must have a second factor (admins)")
      .option("--required", "they are required")
      .option("--optional", "they are up to everybody")
      .option("--group <name>", "only of members of this group; repeatable", collect)
      .option("--grace <duration>", "how long people may still sign in without, like 7d")
      .action(run(() => import("../verbs/mfa-policy.js"))),
    [["hoop mfa policy --required --group admins --grace 7d", "admins have a week to enrol"]],
  );
}
