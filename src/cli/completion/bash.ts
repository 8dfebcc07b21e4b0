import type { CompletionNode } from "./tree.js";

/** The completion for bash: one `case` on the words that lead to a command. Needs nothing but bash. */
export function bashCompletion(tree: readonly CompletionNode[]): string {
  const withValue = new Set(
    tree.flatMap((node) => node.options.filter((option) => option.value !== "none").flatMap((option) => option.flags)),
  );
  const files = new Set(
    tree.flatMap((node) => node.options.filter((option) => option.value === "file").flatMap((option) => option.flags)),
  );
  const cases = tree.map(({ path, commands, options, words }) => {
    const all = [...commands.map((command) => command.name), ...words, ...options.flatMap((option) => option.flags)];
    return `    "${path.join(" ")}") words="${all.join(" ")}" ;;`;
  });
  return `# bash completion of hoop; made by: hoop completion bash
_hoop() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path="" words="" i word
  COMPREPLY=()
  case "$previous" in
    ${[...files].join("|")}) COMPREPLY=($(compgen -f -- "$current")); return ;;
    ${[...withValue].filter((flag) => !files.has(flag)).join("|")}) return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$word" in
      ${[...withValue].join("|")}) ((i++)); continue ;;
      -*) continue ;;
    esac
    case " ${tree
      .filter((node) => node.path.length > 0)
      .map((node) => node.path.join("/"))
      .join(" ")} " in
      *" \${path:+$path/}$word "*) path="\${path:+$path/}$word" ;;
    esac
  done
  case "\${path//\\// }" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _hoop hoop
`;
}
