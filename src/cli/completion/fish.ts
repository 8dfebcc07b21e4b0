import type { CompletionNode } from "./tree.js";

/** The completion for fish: one line a word, each with the condition under which it fits. */
export function fishCompletion(tree: readonly CompletionNode[]): string {
  const lines = tree.flatMap(({ path, commands, options, words }) => {
    const children = commands.map((command) => command.name);
    const here = `-n ${quoted(condition(path, children))}`;
    return [
      ...commands.map((command) => `complete -c hoop -f ${here} -a ${quoted(command.name)} -d ${quoted(command.text)}`),
      ...words.map((word) => `complete -c hoop -f ${here} -a ${quoted(word)}`),
      ...options.map(({ flags, text, value, choices }) => {
        const names = flags
          .map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
          .join(" ");
        const follows =
          value === "none"
            ? ""
            : value === "file"
              ? " -r -F"
              : choices.length > 0
                ? ` -x -a ${quoted(choices.join(" "))}`
                : " -x";
        return `complete -c hoop -n ${quoted(path.length === 0 ? "__fish_use_subcommand" : condition(path, []))} ${names}${follows} -d ${quoted(text)}`;
      }),
    ];
  });
  return `# fish completion of hoop; made by: hoop completion fish\ncomplete -c hoop -f\n${lines.join("\n")}\n`;
}

function condition(path: readonly string[], children: readonly string[]): string {
  if (path.length === 0) return "__fish_use_subcommand";
  const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
  return children.length > 0 ? `${seen}; and not __fish_seen_subcommand_from ${children.join(" ")}` : seen;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
