import type { Command } from "commander";
import { examples } from "../help.js";
import { collect, type Runner } from "../invocation.js";

const paramFlag = "--param <name=value>";
const paramFileFlag = "--param-file <name=file>";

/** Procedures that are written once and run with values. */
export function declareRunbooks(program: Command, run: Runner): void {
  const runbook = program.command("runbook").description("run procedures with values; each step is a recorded session");
  runbook
    .command("ls")
    .description("list the runbooks that you may run")
    .action(run(() => import("../verbs/runbook-ls.js")));
  runbook
    .command("show")
    .description("show a runbook: its parameters and steps")
    .argument("<name>", "the runbook")
    .option("--text", "print its text and nothing else")
    .action(run(() => import("../verbs/runbook-show.js")));
  examples(
    runbook
      .command("run")
      .description("run a runbook and follow it; the exit code says how it ended")
      .argument("<name>", "the runbook")
      .option(paramFlag, "a parameter's value; secret ones are asked for, or read from stdin", collect)
      .option(paramFileFlag, "a parameter's value, from a file", collect)
      .option("--key <key>", "the same key twice is one run")
      .option("--no-wait", "print the run's id and leave it alone")
      .action(run(() => import("../verbs/runbook-run.js"))),
    [["hoop runbook run restart-service --param service=web", "runs it under your own name"]],
  );
  examples(
    runbook
      .command("dry-run")
      .description("show exactly what a run would send, and what the rules say of it; nothing is sent")
      .argument("<name>", "the runbook")
      .option(paramFlag, "a parameter's value", collect)
      .option(paramFileFlag, "a parameter's value, from a file", collect)
      .action(run(() => import("../verbs/runbook-dry-run.js"))),
    [["hoop runbook dry-run restart-service --param service=web", "exit code 4: a step would be refused"]],
  );
  runbook
    .command("runs")
    .description("list runs, or show one")
    .argument("[run]", "the run's id")
    .option("--runbook <name>", "only of this runbook")
    .option(
      "--state <state>",
      "only those that are waiting, running, succeeded, failed, denied, cancelled or interrupted",
    )
    .option("--all", "everybody's")
    .option("--limit <n>", "at most so many", "30")
    .action(run(() => import("../verbs/runbook-runs.js")));
  runbook
    .command("approve")
    .description("approve a run that waits for people")
    .argument("<run>", "the run's id, or its review")
    .option("--reason <text>", "why; some runbooks ask for it")
    .action(run(() => import("../verbs/runbook-approve.js")));
  runbook
    .command("cancel")
    .description("end a run; what it did is undone as the runbook says")
    .argument("<run>", "the run's id")
    .action(run(() => import("../verbs/runbook-cancel.js")));
  examples(
    runbook
      .command("write")
      .description("write a runbook from a file: a new version, unless nothing has changed")
      .argument("<file>", "YAML front matter and text; - is stdin")
      .action(run(() => import("../verbs/runbook-write.js"))),
    [["hoop runbook write restart-service.runbook.md", "it is checked whole before it is taken"]],
  );
  runbook
    .command("rm")
    .description("remove a runbook; its runs stay")
    .argument("<name>", "the runbook")
    .option("--yes", "do not ask")
    .action(run(() => import("../verbs/runbook-rm.js")));
  examples(
    runbook
      .command("source")
      .description("add or change a Git repository that runbooks come from, or list those there are")
      .argument("[name]", "what the repository is called here")
      .option("--url <url>", "https://… or ssh://git@…")
      .option("--branch <branch>", "the branch that counts", "main")
      .option("--folder <folder>", "the folder in it; default: its root")
      .option("--signers <file>", "OpenSSH's allowed_signers: commits must be signed by one of them")
      .option("--act-as <machine>", "a service account that its runbooks may run as", collect)
      .option("--ca <file>", "PEM of the authority behind an https server")
      .option("--known-hosts <file>", "the server's host keys, for ssh")
      .option("--secret-file <file>", "https: a token or user:password; ssh: a private key")
      .option("--rm", "remove it; its runbooks stay as they are")
      .action(run(() => import("../verbs/runbook-source.js"))),
    [
      [
        "hoop runbook source ops --url https://git.example.com/ops/runbooks --secret-file token",
        "files named *.runbook.md",
      ],
    ],
  );
  runbook
    .command("sync")
    .description("look at the repositories now, and say what changed")
    .argument("[source]", "only this one")
    .action(run(() => import("../verbs/runbook-sync.js")));
}
