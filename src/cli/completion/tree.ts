import type { Command } from "commander";

/** What a shell needs to know of one command. */
export interface CompletionNode {
  /** The words that lead to it, without `hoop`. */
  readonly path: readonly string[];
  readonly commands: readonly { readonly name: string; readonly text: string }[];
  readonly options: readonly CompletionOption[];
  /** Words that the first argument may be. */
  readonly words: readonly string[];
}

export interface CompletionOption {
  readonly flags: readonly string[];
  readonly text: string;
  /** Whether a value follows, and whether it is a file. */
  readonly value: "none" | "any" | "file";
  readonly choices: readonly string[];
}

/** Every command as completions see it, the root first. Options of the root hold everywhere. */
export function completionTree(program: Command): readonly CompletionNode[] {
  const nodes: CompletionNode[] = [];
  const global = optionsOf(program).filter((option) => !option.flags.includes("--version"));
  const walk = (command: Command, path: readonly string[]) => {
    const help: CompletionOption = { flags: ["-h", "--help"], text: "show how it is used", value: "none", choices: [] };
    nodes.push({
      path,
      commands: command.commands.map((child) => ({ name: child.name(), text: firstClause(child.description()) })),
      options: [...optionsOf(command), ...(path.length === 0 ? [] : global), help],
      words: command.registeredArguments[0]?.argChoices ?? [],
    });
    for (const child of command.commands) walk(child, [...path, child.name()]);
  };
  walk(program, []);
  return nodes;
}

function optionsOf(command: Command): CompletionOption[] {
  return command.options.map((option) => ({
    flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null) as string[],
    text: option.description,
    value: !option.required && !option.optional ? "none" : /<file>|<folder>/.test(option.flags) ? "file" : "any",
    choices: option.argChoices ?? [],
  }));
}

/** Shells show one line. */
function firstClause(text: string): string {
  return text.split(/[;:]/, 1)[0]!;
}
