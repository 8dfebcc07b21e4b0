import type { CompletionNode, CompletionOption } from "./tree.js";

/** The completion for zsh: one function a command, each with `_arguments`. */
export function zshCompletion(tree: readonly CompletionNode[]): string {
  return `#compdef hoop
# zsh completion of hoop; made by: hoop completion zsh
${tree.map((node) => functionOf(node)).join("\n")}
# Sourced, it must be made known; from a folder of $fpath it is called.
if [ "$funcstack[1]" = "_hoop" ]; then _hoop "$@"; else compdef _hoop hoop; fi
`;
}

function functionOf({ path, commands, options, words }: CompletionNode): string {
  const name = ["_hoop", ...path].join("_").replaceAll("-", "_");
  const specs = options.map(specOf);
  if (commands.length === 0) {
    const argument =
      words.length > 0 ? [quoted(`1: :(${words.join(" ")})`), quoted("*: :_files")] : [quoted("*: :_files")];
    return `${name}() {\n  _arguments ${[...specs, ...argument].join(" \\\n    ")}\n}`;
  }
  const list = commands.map((command) => quoted(`${command.name}:${command.text.replaceAll(":", "\\:")}`));
  const cases = commands.map((command) => `      ${command.name}) ${name}_${command.name.replaceAll("-", "_")} ;;`);
  return `${name}() {
  local state line
  local -a commands=(${list.join(" ")})
  _arguments -C ${[...specs, quoted("1: :->command"), quoted("*:: :->rest")].join(" \\\n    ")}
  case $state in
    command) _describe command commands ;;
    rest)
      case $line[1] in
${cases.join("\n")}
      esac ;;
  esac
}`;
}

function specOf({ flags, text, value, choices }: CompletionOption): string {
  const shown = `[${text.replaceAll(/[[\]\\:]/g, " ")}]`;
  const follows =
    value === "none"
      ? ""
      : choices.length > 0
        ? `:value:(${choices.join(" ")})`
        : value === "file"
          ? ":file:_files"
          : ":value: ";
  if (flags.length === 1) return quoted(`${flags[0]}${shown}${follows}`);
  return `${quoted(`(${flags.join(" ")})`)}{${flags.join(",")}}${quoted(`${shown}${follows}`)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
