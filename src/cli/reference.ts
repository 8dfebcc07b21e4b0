import type { Command } from "commander";
import { exitCodes } from "./exit-codes.js";
import { examplesOf } from "./help.js";
import { createProgram } from "./program.js";

/** `docs/cli.md`: every command with its options and examples, from the very tree that parses the command line. */
export function cliReference(): string {
  const program = createProgram(() => async () => {});
  const sections = program.commands.flatMap((command) => sectionsOf(command, ["hoop"]));
  const codes = Object.values(exitCodes).map(({ code, text }) => `| ${code} | ${text} |`);
  return `# The command line

Made from the command tree by \`cliReference()\`; a test keeps it true. \`hoop <command> --help\` shows the same.

## Everywhere

${optionTable(program)}

| variable | meaning |
|---|---|
| \`HOOP_GATEWAY\` | the gateway to use, as \`--gateway\` |
| \`HOOP_TOKEN\` | an access token, in place of a login |
| \`HOOP_CA\` | PEM file of the gateway's authority, with \`HOOP_TOKEN\` |
| \`HOOP_HOME\` | one folder for logins and state |
| \`HOOP_DEBUG\` | show where an error came from |

Results go to stdout, everything else to stderr. With \`--json\` the result is one document of JSON, and an error is
\`{"error": {"code", "message", "hint"}}\` on stderr. What runs on writes one event a line instead: \`login\` in the browser
(\`code\`, \`logged-in\`), \`tunnel up\`, \`gateway\` and \`agent\`.

| exit code | meaning |
|---|---|
${codes.join("\n")}

${sections.join("\n\n")}
`;
}

function sectionsOf(command: Command, before: readonly string[]): string[] {
  const path = [...before, command.name()];
  if (command.commands.length > 0) {
    const title = `## ${path.join(" ")}\n\n${sentence(command.description())}`;
    return [title, ...command.commands.flatMap((child) => sectionsOf(child, path))];
  }
  const words = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
  const list = examplesOf(command);
  const width = Math.max(0, ...list.map(([line]) => line.length));
  return [
    [
      `${before.length === 1 ? "##" : "###"} ${path.join(" ")}${words.length > 0 ? ` ${words.join(" ")}` : ""}`,
      sentence(command.description()),
      ...(command.options.length > 0 ? [optionTable(command)] : []),
      ...(list.length > 0
        ? [`\`\`\`sh\n${list.map(([line, what]) => `${line.padEnd(width)}  # ${what}`).join("\n")}\n\`\`\``]
        : []),
    ].join("\n\n"),
  ];
}

function optionTable(command: Command): string {
  const rows = command.options.map(({ flags, description, defaultValue }) => {
    const value = typeof defaultValue === "string" ? ` (${defaultValue})` : "";
    return `| \`${cell(flags)}\` | ${cell(description)}${value} |`;
  });
  return `| option | meaning |\n|---|---|\n${rows.join("\n")}`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`.replace(/\.\.$/, ".");
}
