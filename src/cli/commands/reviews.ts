import type { Command } from "commander";
import { examples } from "../help.js";
import { collect, type Runner } from "../invocation.js";

const reasonFlag = "--reason <text>";

/** What waits for people, and access for a time. */
export function declareReviews(program: Command, run: Runner): void {
  const review = program.command("review").description("what waits for people: look at it, approve it, deny it");
  examples(
    review
      .command("ls")
      .description("list the reviews that wait for your word")
      .option("--mine", "what you asked for yourself")
      .option("--all", "everybody's, for auditors")
      .option("--state <state>", "only those that are pending, approved, denied, expired, withdrawn or used")
      .option("--connection <name>", "only on this connection")
      .option("--limit <n>", "at most so many", "50")
      .action(run(() => import("../verbs/review-ls.js"))),
    [
      ["hoop review ls", "your inbox"],
      ["hoop review ls --mine --state pending", "what of yours still waits"],
    ],
  );
  examples(
    review
      .command("show")
      .description("show a review: who asks, the text, why it is held, what it would do, what is missing")
      .argument("<id>", "the review, or the link to it")
      .option("--text", "print the whole text and nothing else")
      .option(
        "--wait",
        "wait until it is decided; the exit code says how: 0 approved, 4 denied, 6 expired or withdrawn",
      )
      .action(run(() => import("../verbs/review-show.js"))),
    [
      ["hoop review show lusab-tofim", "before you decide"],
      ["hoop review show lusab-tofim --wait", "for a script that goes on when it is approved"],
    ],
  );
  examples(
    review
      .command("approve")
      .description("approve it; when nothing is missing any more, it goes ahead")
      .argument("<id>", "the review, or the link to it")
      .option(reasonFlag, "why; some rules ask for it")
      .action(run(() => import("../verbs/review-approve.js"))),
    [["hoop review approve lusab-tofim --reason 'checked with ada'", "your approval stands under your own name"]],
  );
  review
    .command("deny")
    .description("deny it: that ends it at once, also when it was approved and not used yet")
    .argument("<id>", "the review, or the link to it")
    .option(reasonFlag, "why; shown to who asked")
    .action(run(() => import("../verbs/review-deny.js")));
  review
    .command("comment")
    .description("say something to the others who see it")
    .argument("<id>", "the review, or the link to it")
    .argument("<text>", "what you say")
    .action(run(() => import("../verbs/review-comment.js")));
  review
    .command("withdraw")
    .description("take back what you asked for")
    .argument("<id>", "the review, or the link to it")
    .action(run(() => import("../verbs/review-withdraw.js")));
  examples(
    review
      .command("break-glass")
      .description("go ahead with what you asked for without approval, where a rule lets you; everybody will see it")
      .argument("<id>", "the review, or the link to it")
      .requiredOption(reasonFlag, "why it cannot wait; recorded in the open")
      .option("--yes", "do not ask again")
      .action(run(() => import("../verbs/review-break-glass.js"))),
    [["hoop review break-glass lusab-tofim --reason 'production is down, INC-42'", "for emergencies"]],
  );
  declareRequest(review, run);

  declareReveal(program, run);

  const access = program
    .command("access")
    .description("access for a time: ask for it, see what you have, give it back");
  declareRequest(access, run);
  access
    .command("options")
    .description("list what you may ask for, and for how long at most")
    .action(run(() => import("../verbs/access-options.js")));
  examples(
    access
      .command("ls")
      .description("list the access that you were granted")
      .option("--all", "everybody's, for auditors")
      .option("--ended", "also what is over")
      .option("--limit <n>", "at most so many", "50")
      .action(run(() => import("../verbs/access-ls.js"))),
    [["hoop access ls --all", "who has been let in for a time"]],
  );
  access
    .command("revoke")
    .description("end granted access now; sessions that rest on it end within a second")
    .argument("<id>", "the grant: it is named like the review that approved it")
    .action(run(() => import("../verbs/access-revoke.js")));
}

/** The value behind one token. */
function declareReveal(program: Command, run: Runner): void {
  examples(
    program
      .command("reveal")
      .description("ask for the value behind a token of a masked result; people decide, and it is shown once, to you")
      .argument("[token]", "as the result shows it; behind -- when it begins with a dash")
      .option("--source <purpose/column>", "what the token was made for, and where it was seen; the purpose is enough")
      .option("--as <form>", "text, card or integer, where the rules leave it open")
      .option("--because <text>", "why you need it; those who decide read it, and it is recorded")
      .option("--review <id>", "show the value of what was asked for and approved")
      .option("--wait", "wait until it is decided, then show the value; exit code 4 denied, 6 expired or withdrawn")
      .action(run(() => import("../verbs/reveal.js"))),
    [
      [
        "hoop reveal '7302 9948 1045 1111' --source analytics/customers.card --because 'case 4711' --wait",
        "asks, waits and shows it",
      ],
      ["hoop reveal --review lusab-tofim", "what was approved meanwhile"],
    ],
  );
}

/** The same under both names: as something that waits for people, and as access. */
function declareRequest(group: Command, run: Runner): void {
  examples(
    group
      .command("request")
      .description("ask for access that ends by itself; who decides is the rules' to say")
      .argument("[connections...]", "their names")
      .option(
        "--label <key=value>",
        "connections with this label (several: with all of them), as they are now",
        collect,
      )
      .option(
        "--effect <effect>",
        "what you need to do: read, write, define, destroy, admin, execute (default: read)",
        collect,
      )
      .option("--for <duration>", "how long: 90m, 2h, 1d", "1h")
      .option("--ticket <name>", "the ticket that it belongs to")
      .option(reasonFlag, "why you need it")
      .option(
        "--wait",
        "wait until it is decided; the exit code says how: 0 approved, 4 denied, 6 expired or withdrawn",
      )
      .action(run(() => import("../verbs/access-request.js"))),
    [
      [
        `hoop ${group.name()} request pg-prod --effect read --effect write --for 2h --ticket OPS-7 --reason 'fix orders'`,
        "two hours of reading and writing",
      ],
    ],
  );
}
