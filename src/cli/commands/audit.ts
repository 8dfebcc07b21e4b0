import type { Command } from "commander";
import { examples } from "../help.js";
import type { Runner } from "../invocation.js";

/** The proof that nothing was changed. */
export function declareAudit(program: Command, run: Runner): void {
  const group = program.command("audit").description("take the recordings out and prove that they are whole");
  examples(
    group
      .command("export")
      .description("write the hash-chained recordings to a file")
      .option("-o, --output <file>", "where to; stdout when left out")
      .action(run(() => import("../verbs/audit-export.js"))),
    [["hoop audit export -o audit.jsonl", "everything"]],
  );
  examples(
    group
      .command("verify")
      .description(
        "check an export without any gateway: finds the first altered, missing or reordered entry; exit code 8 when there is one",
      )
      .argument("<file>", "an export; - for stdin")
      .requiredOption("--key <file>", "the public key that was pinned before (PEM)")
      .option("--heads <file>", "heads that were kept elsewhere: only they prove that nothing is missing at the end")
      .action(run(() => import("../verbs/audit-verify.js"))),
    [
      ["hoop audit verify audit.jsonl --key audit.pub --heads heads.jsonl", "all that can be proven"],
      ["hoop audit export | hoop audit verify - --key audit.pub", "in one go"],
    ],
  );
  examples(
    group
      .command("changes")
      .description("list administrative acts, warnings and gaps, the newest first: who changed what, who looked where")
      .option("--limit <n>", "at most so many", "50")
      .action(run(() => import("../verbs/audit-changes.js"))),
    [["hoop audit changes --json | jq '.[] | select(.what == \"payload-revealed\")'", "who looked into sealed texts"]],
  );
  group
    .command("key")
    .description("print the public key that signs the chains; pin it where the gateway cannot write")
    .action(run(() => import("../verbs/audit-key.js")));
  group
    .command("heads")
    .description("print the signed head of every chain, one a line; keep them elsewhere")
    .action(run(() => import("../verbs/audit-heads.js")));
}
