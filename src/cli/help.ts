import type { Command } from "commander";
import { exitCodes } from "./exit-codes.js";

/** Puts examples under a command's help: `[what to type, what it does]`. */
export function examples(command: Command, list: readonly (readonly [string, string])[]): Command {
  exampleLists.set(command, list);
  const width = Math.max(...list.map(([line]) => line.length));
  return command.addHelpText(
    "after",
    `\nExamples:\n${list.map(([line, what]) => `  ${line.padEnd(width)}  # ${what}`).join("\n")}`,
  );
}

/** The examples of a command, for the reference. */
export function examplesOf(command: Command): readonly (readonly [string, string])[] {
  return exampleLists.get(command) ?? [];
}

const exampleLists = new WeakMap<Command, readonly (readonly [string, string])[]>();

/** The exit codes and variables, under `hoop --help`. */
export function rootHelp(): string {
  const codes = Object.values(exitCodes).map(({ code, text }) => `  ${String(code).padStart(3)}  ${text}`);
  return `
Environment:
  HOOP_GATEWAY  the gateway to use, as --gateway
  HOOP_TOKEN    an access token, in place of a login (for programs)
  HOOP_KEY      a service account's key; HOOP_KEY_FILE: the file that holds it
  HOOP_WORKLOAD github, or file:PATH: exchange workload tokens of a trusted issuer; HOOP_AUDIENCE: made for
  HOOP_FOR      the person to act for, with a key or workload tokens
  HOOP_CA       PEM file of the gateway's authority, with any of these
  HOOP_HOME     one folder for logins and state, in place of the system's own

Exit codes:
${codes.join("\n")}`;
}
