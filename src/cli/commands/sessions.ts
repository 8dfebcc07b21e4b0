import type { Command } from "commander";
import { examples } from "../help.js";
import type { Runner } from "../invocation.js";

/** Who is connected to what, and what they did. */
export function declareSessions(program: Command, run: Runner): void {
  const group = program.command("sessions").description("who is or was connected to what, and what they did");
  examples(
    group
      .command("ls")
      .description("list sessions, the youngest first")
      .option("--open", "only those that are open now")
      .option("--subject <name>", "only of this user")
      .option("--connection <name>", "only to this connection")
      .option("--limit <n>", "at most so many", "50")
      .action(run(() => import("../verbs/sessions-ls.js"))),
    [["hoop sessions ls --open --connection pg-prod", "who is on pg-prod now"]],
  );
  examples(
    group
      .command("show")
      .description("show a session and every statement of it; as an auditor, open a sealed part of one")
      .argument("<id>", "the session, or the start of its id")
      .option("--reveal <seq>", "open a sealed part of the entry with this number; recorded, with who and why")
      .option("--part <part>", "which: text, values or error", "text")
      .option("--because <text>", "why you look")
      .action(run(() => import("../verbs/sessions-show.js"))),
    [["hoop sessions show 3f2a --reveal 42 --because 'INC-7'", "the text of statement #42 as it was sent"]],
  );
  examples(
    group
      .command("replay")
      .description("play back what a session's terminal showed, masked; with a reason, what was sealed")
      .argument("<id>", "the session, or the start of its id")
      .option("--because <text>", "why you look at what is sealed; without, values that identify people are masked")
      .option("--terminal <n>", "which of the session's terminals; the first one if left out")
      .option("--speed <factor>", "so many times as fast", "1")
      .option("--idle <seconds>", "pauses are cut to so many", "2")
      .option("--raw", "write the recording itself, asciicast v2, instead of playing it")
      .action(run(() => import("../verbs/sessions-replay.js"))),
    [
      ["hoop sessions replay 3f2a --speed 4", "four times as fast, masked"],
      ["hoop sessions replay 3f2a --because 'INC-7'", "as it was, in colours"],
      ["hoop sessions replay 3f2a --because 'INC-7' --raw > session.cast", "for asciinema and other players"],
    ],
  );
  examples(
    group
      .command("watch")
      .description("look on while a session goes on; recorded, masked, and over with your rights to it")
      .argument("<id>", "the session, or the start of its id")
      .option("--because <text>", "why you look")
      .option("--terminal <n>", "which of the session's terminals; the first one that shows something if left out")
      .action(run(() => import("../verbs/sessions-watch.js"))),
    [["hoop sessions watch 3f2a", "q leaves, k ends the session"]],
  );
  examples(
    group
      .command("search")
      .description("find text that stood on a terminal's screen, newest sessions first; recorded")
      .argument("<text>", "at least two characters, in upper or lower case")
      .option("--subject <name>", "only of this user")
      .option("--connection <name>", "only to this connection")
      .option("--limit <n>", "at most so many lines", "50")
      .action(run(() => import("../verbs/sessions-search.js"))),
    [["hoop sessions search 'permission denied' --connection web-1", "who saw that"]],
  );
  examples(
    group
      .command("kill")
      .description("end a session at once; the client is told why")
      .argument("<id>")
      .option("--reason <text>", "what the client is told")
      .action(run(() => import("../verbs/sessions-kill.js"))),
    [["hoop sessions kill 3f2a --reason 'maintenance'", "the start of the id is enough when it is the only one"]],
  );
}
