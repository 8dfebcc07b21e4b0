import type { Command } from "commander";
import { examples } from "../help.js";
import type { Runner } from "../invocation.js";

/** What happened, and the rules that answer it. */
export function declareEvents(program: Command, run: Runner): void {
  const events = program.command("events").description("what happened: sessions, statements, reviews, changes");
  examples(
    events
      .command("ls")
      .description("list events, newest first")
      .option("--type <type>", "only this type; several, separated by commas")
      .option("--subject <user>", "only this user's")
      .option("--connection <name>", "only on this connection")
      .option("--session <id>", "only in this session")
      .option("--since <duration>", "only in the last time, like 15m or 2d")
      .option("--before <event>", "only those before this one, to go on where a list ended")
      .option("--limit <n>", "at most so many", "50")
      .action(run(() => import("../verbs/events-ls.js"))),
    [
      ["hoop events ls --type statement.denied --since 1h", "what was refused within the hour"],
      ["hoop events ls --limit 10000 --json", "all that fits, for a script"],
    ],
  );
  events
    .command("tail")
    .description("show events as they come")
    .option("--type <type>", "only this type; several, separated by commas")
    .action(run(() => import("../verbs/events-tail.js")));
  events
    .command("show")
    .description("show one event whole")
    .argument("<id>")
    .action(run(() => import("../verbs/events-show.js")));
  events
    .command("catalogue")
    .description("list the types of events; with a type, its schema and a sample")
    .argument("[type]")
    .action(run(() => import("../verbs/events-catalogue.js")));

  const reactions = program.command("reactions").description("rules that answer events, and whom they tell");
  reactions
    .command("ls")
    .description("list reactions and receivers, with how often they fired")
    .action(run(() => import("../verbs/reactions-ls.js")));
  examples(
    reactions
      .command("apply")
      .description("apply reactions and receivers from YAML, all or nothing")
      .requiredOption("-f, --file <file>", "the file; - for stdin")
      .option("--plan", "show what would change, and change nothing")
      .action(run(() => import("../verbs/reactions-apply.js"))),
    [["hoop reactions apply -f reactions.yaml", "an unknown field is refused with its line"]],
  );
  reactions
    .command("explain")
    .description("say a reaction as a sentence, with its last firings")
    .argument("<name>")
    .action(run(() => import("../verbs/reactions-explain.js")));
  reactions
    .command("dry-run")
    .description("show what a reaction would have done with past events")
    .argument("[name]", "one that is saved")
    .option("-f, --file <file>", "one of a file")
    .option("--since <duration>", "how far back", "24h")
    .action(run(() => import("../verbs/reactions-dry-run.js")));
  reactions
    .command("test")
    .description("fire a reaction with a sample event; nothing is imposed on anybody")
    .argument("<name>")
    .option("--type <type>", "which of its events; the first if left out")
    .option("--send", "tell its receivers for real")
    .action(run(() => import("../verbs/reactions-test.js")));
  for (const [word, mode, text] of [
    ["enable", "enforce", "let a reaction act"],
    ["disable", "off", "keep a reaction without effect"],
    ["shadow", "shadow", "let a reaction count what it would do, and do nothing"],
  ] as const)
    reactions
      .command(word)
      .description(text)
      .argument("<name>")
      .action(run(async () => ({ run: (await import("../verbs/reactions-mode.js")).setMode(mode) })));
  reactions
    .command("secret")
    .description("hand in a receiver's secret, from stdin or a prompt; it is never shown again")
    .argument("<receiver>")
    .option("--generate", "make a signing secret for a webhook, and show it once")
    .action(run(() => import("../verbs/reactions-secret.js")));
  reactions
    .command("rm")
    .description("remove a reaction or receiver")
    .argument("<name>")
    .option("--yes", "do not ask")
    .action(run(() => import("../verbs/reactions-rm.js")));
  reactions
    .command("dead-letters")
    .description("list what could not be delivered and was given up")
    .action(run(() => import("../verbs/reactions-dead-letters.js")));
  reactions
    .command("replay")
    .description("deliver again what was given up")
    .argument("<id...>", "as dead-letters lists them")
    .action(run(() => import("../verbs/reactions-replay.js")));
  reactions
    .command("restraints")
    .description("list what reactions impose now: paused sessions, reviews, masks")
    .action(run(() => import("../verbs/reactions-restraints.js")));
  reactions
    .command("release")
    .description("lift what a reaction imposed: a paused session goes on")
    .argument("<id>", "as restraints lists it")
    .action(run(() => import("../verbs/reactions-release.js")));
}
