import { Command } from "commander";
import { version } from "../gateway/version.js";
import { declareAccess } from "./commands/access.js";
import { declareAgents } from "./commands/agents.js";
import { declareAudit } from "./commands/audit.js";
import { declareConnections } from "./commands/connections.js";
import { declareCredentials } from "./commands/credentials.js";
import { declareEvents } from "./commands/events.js";
import { declareExporters } from "./commands/exporters.js";
import { declareGroups } from "./commands/groups.js";
import { declareMachines } from "./commands/machines.js";
import { declareMfa } from "./commands/mfa.js";
import { declarePolicy } from "./commands/policy.js";
import { declarePrograms } from "./commands/programs.js";
import { declareProviders } from "./commands/providers.js";
import { declareReviews } from "./commands/reviews.js";
import { declareRoles } from "./commands/roles.js";
import { declareRunbooks } from "./commands/runbooks.js";
import { declareScim } from "./commands/scim.js";
import { declareSessions } from "./commands/sessions.js";
import { declareTools } from "./commands/tools.js";
import { declareTunnel } from "./commands/tunnel.js";
import { declareUsers } from "./commands/users.js";
import { rootHelp } from "./help.js";
import type { Runner } from "./invocation.js";

/** Every group of commands, in the order of the help. */
const groups = [
  declareAccess,
  declareMfa,
  declareTunnel,
  declareConnections,
  declareCredentials,
  declareSessions,
  declareReviews,
  declareRunbooks,
  declareExporters,
  declareEvents,
  declareAudit,
  declarePolicy,
  declareAgents,
  declareUsers,
  declareGroups,
  declareRoles,
  declareScim,
  declareProviders,
  declareMachines,
  declarePrograms,
  declareTools,
] as const;

/** The tree of commands. Declaring costs nothing: what a command does is loaded when it runs. `notes`: more help for one of them. */
export function createProgram(run: Runner, notes: { readonly gateway?: string } = {}): Command {
  const program = new Command("hoop")
    .description("Reach databases and servers by name, under your own name: no VPN, no jump host, no shared password.")
    .version(version, "-V, --version", "print the version")
    .option("--json", "answer in JSON, for programs")
    .option("--gateway <url>", "the gateway to use, when you are logged in at several")
    .option("--no-color", "no colours")
    .addHelpText("after", rootHelp())
    .showHelpAfterError("(add --help to see how it is used)")
    .showSuggestionAfterError()
    .exitOverride();
  for (const declare of groups) declare(program, run);
  if (notes.gateway !== undefined)
    program.commands.find((command) => command.name() === "gateway")?.addHelpText("after", notes.gateway);
  for (const command of everyCommand(program))
    command.exitOverride().showHelpAfterError("(add --help to see how it is used)");
  return program;
}

export { version };

/** The tree, flat. */
export function* everyCommand(command: Command): Generator<Command> {
  yield command;
  for (const child of command.commands) yield* everyCommand(child);
}
