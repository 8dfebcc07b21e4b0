import type { Analysis, AttributeValue, Resource } from "../../../vocabulary/index.js";
import type { Folder } from "../shell/paths.js";
import { folderAfter, shellAnalysis } from "../shell/shell-analysis.js";
import type { SshTarget } from "../target.js";

/** Folders that a shell may stand in, as a `cd` may have worked or not. */
const maxFolders = 32;

/** Where an interactive shell may stand: every folder that a line of it could have led to. */
export class Folders {
  #known: readonly Folder[];

  constructor(home: string | null) {
    this.#known = [home ?? "~"];
  }

  get all(): readonly Folder[] {
    return this.#known;
  }

  /** A line was let through. */
  ran(line: string): void {
    // Back to where it has been.
    if (/^\s*(cd\s+-|popd)\s*$/.test(line) || !/\b(cd|pushd|popd)\b/.test(line)) return;
    const to = this.#known.map((folder) => folderAfter(line.replace(/^(\s*)pushd\s/, "$1cd "), folder));
    const all = [...new Set([...this.#known, ...to])];
    this.#known = all.length > maxFolders ? [null] : all;
  }
}

/**
 * What a line at a prompt would do. Null: it could not be read. Paths are told for every folder that the shell may stand in, so that a rule
 * on one of them meets it.
 */
export function lineAnalysis(
  line: string | null,
  attributes: Readonly<Record<string, AttributeValue>>,
  { home, shell }: Pick<SshTarget, "home" | "shell">,
  folders: readonly Folder[] = ["~"],
): Analysis {
  const said = { ...attributes, kind: "line", command: (line ?? "").slice(0, 4_000) };
  if (line === null) {
    const unknowns = ["a line that could not be read as it was typed"];
    return {
      shape: "(a line that could not be read)",
      effects: ["unknown"],
      resources: [],
      attributes: said,
      unknowns,
      sealed: ["command"],
    };
  }
  const read = folders.map((folder) => shellAnalysis(line, said, home, folder));
  const first = read[0]!;
  const unknowns = [...new Set(read.flatMap((one) => one.unknowns))];
  if (expandsHistory(line)) unknowns.push("an expansion of the shell's history");
  // Together with the next line it may be something else: `r\`, then `m x`.
  if (/(^|[^\\])(\\\\)*\\$/.test(line)) unknowns.push("a line that goes on in the next one");
  if (shell !== "posix") unknowns.push("the login's shell reads lines in a way of its own");
  const effects = [...new Set(read.flatMap((one) => one.effects))];
  const words = (name: string) => [...new Set(read.flatMap((one) => one.attributes[name] as readonly string[]))];
  return {
    ...first,
    effects: unknowns.length > 0 && !effects.includes("unknown") ? [...effects, "unknown"] : effects,
    resources: unique(read.flatMap((one) => one.resources)),
    attributes: { ...first.attributes, paths: words("paths"), reads: words("reads"), writes: words("writes") },
    unknowns: unknowns.slice(0, 20),
  };
}

/** `!x`, `!!`, `^a^b`: a shell at a terminal puts something else in their place. Single quotes alone keep them as they are. */
export function expandsHistory(line: string): boolean {
  if (line.startsWith("^")) return true;
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const character = line[at];
    if (character === "'") quoted = !quoted;
    else if (quoted) continue;
    else if (character === "\\") at++;
    else if (character === "!" && !/^([\s=(]|$)/.test(line.slice(at + 1, at + 2))) return true;
  }
  return false;
}

function unique(resources: readonly Resource[]): readonly Resource[] {
  return [...new Map(resources.map((one) => [`${one.kind} ${one.access} ${one.name}`, one])).values()];
}
