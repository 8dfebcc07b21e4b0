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
  group
    .command("show")
    .description("show a session and every statement of it")
    .argument("<id>", "the session, or the start of its id")
    .action(run(() => import("../verbs/sessions-show.js")));
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
