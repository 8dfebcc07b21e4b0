import type { Access, Analysis, AttributeValue, Effect, Resource } from "../../../vocabulary/index.js";
import { knownCommand } from "./commands.js";
import { parseScript } from "./parse.js";
import { type Folder, home, pathOf, withHome } from "./paths.js";
import type { Redirect, SimpleCommand, Word } from "./script.js";
import { shapeOf } from "./shape.js";
import { type Doing, gitServer, specialCommand } from "./special.js";
import { isBrace, literal, shown } from "./words.js";
import { changesFolder, harmless, unwrap } from "./wrappers.js";

const maxDepth = 8;
const maxResources = 500;

/** What a command line would do, as far as can be said without running it. */
export function shellAnalysis(
  line: string,
  attributes: Readonly<Record<string, AttributeValue>>,
  homeIs: string | null = null,
  from: Folder = home,
): Analysis {
  return new Reading(homeIs).analysis(line, attributes, from);
}

/** Where a shell stands after a line, if all of it worked; null: nobody can say. */
export function folderAfter(line: string, from: Folder): Folder {
  return new Reading(null).folder(line, from);
}

class Reading {
  readonly #effects = new Set<Effect>();
  readonly #resources = new Map<string, Resource>();
  readonly #unknowns = new Set<string>();
  readonly #commands = new Set<string>();
  readonly #operators = new Set<string>();
  readonly #redirects = new Set<string>();
  #functions: readonly string[] = [];
  #sudo = false;
  #substitution = false;
  readonly #home: string | null;

  constructor(homeIs: string | null) {
    this.#home = homeIs;
  }

  folder(line: string, from: Folder): Folder {
    return this.#line(line, from, 0);
  }

  analysis(line: string, attributes: Readonly<Record<string, AttributeValue>>, from: Folder): Analysis {
    this.#line(line, from, 0);
    if (this.#unknowns.size > 0) this.#effects.add("unknown");
    if (this.#effects.size === 0) this.#effects.add("execute");
    const paths = [...this.#resources.values()].filter(({ kind }) => kind === "path");
    const named = (...accesses: Access[]) => unique(paths.filter(({ access }) => accesses.includes(access)));
    return {
      shape: shapeOf(line),
      effects: [...this.#effects],
      resources: [...this.#resources.values()],
      attributes: {
        ...attributes,
        commands: [...this.#commands],
        sudo: this.#sudo,
        operators: [...this.#operators],
        redirects: [...this.#redirects],
        substitution: this.#substitution,
        paths: unique(paths),
        reads: named("read"),
        writes: named("write", "destroy"),
      },
      unknowns: [...this.#unknowns].slice(0, 20),
      sealed: ["command"],
    };
  }

  #line(line: string, from: Folder, depth: number): Folder {
    if (depth > maxDepth) {
      this.#unknowns.add("shells in shells, too deep");
      return null;
    }
    const script = parseScript(line);
    for (const text of script.unknowns) this.#unknowns.add(text);
    for (const operator of script.operators) this.#operators.add(operator);
    this.#substitution ||= script.substitution;
    this.#functions = [...this.#functions, ...script.functions];
    let folder = from;
    let moved = false;
    for (const command of script.commands) {
      // Whether a `cd` worked is known only to what runs because it did.
      if (moved && command.joined !== "&&") folder = null;
      const after = this.#command(command, folder, depth);
      moved ||= after !== folder;
      folder = after;
    }
    return folder;
  }

  #command({ assignments, words, redirects, joined, apart }: SimpleCommand, folder: Folder, depth: number): Folder {
    for (const { name } of assignments)
      if (!harmless(name)) this.#unknowns.add(`the variable ${name} may change what commands do`);
    for (const redirect of redirects) this.#redirect(redirect, folder);
    if (words.length === 0) return folder;
    this.#words(words, folder, depth);
    const name = literal(words[0]!);
    if (name !== "cd" && name !== "pushd" && name !== "popd") return folder;
    // A subshell's folder is its own, and which of several branches ran is not known.
    return apart || joined === "|" || name !== "cd" ? null : changesFolder(words.slice(1), folder);
  }

  #words(words: readonly Word[], folder: Folder, depth: number): void {
    if (words.length === 0) return;
    if (depth > maxDepth) {
      this.#unknowns.add("commands in commands, too deep");
      return;
    }
    const said = literal(words[0]!);
    if (said === null || said === "") {
      this.#commands.add(shown(words[0]!) || "?");
      this.#unknowns.add("a command whose name is known only when it runs");
      return;
    }
    if (said.startsWith("=")) {
      this.#commands.add(commandName(said.slice(1)) || said);
      this.#unknowns.add("a command behind `=`, which zsh replaces by where it finds it");
      return;
    }
    if (words.some(isBrace)) this.#unknowns.add("a brace among words, with which zsh begins or ends a group");
    const name = commandName(said);
    const args = words.slice(1);
    this.#commands.add(name);
    const wrapped = unwrap(name, args, folder);
    if (wrapped) {
      if (wrapped.sudo) {
        this.#sudo = true;
        this.#effects.add("admin");
      }
      if (wrapped.host !== undefined) {
        this.#effects.add("connect");
        this.#resource({ kind: "host", name: wrapped.host, access: "execute" });
      }
      if (wrapped.unknown !== undefined) this.#unknowns.add(wrapped.unknown);
      const inside = wrapped.folder === undefined ? folder : wrapped.folder;
      if (wrapped.line !== undefined) this.#line(wrapped.line, inside, depth + 1);
      if (wrapped.words) this.#words(wrapped.words, inside, depth + 1);
      return;
    }
    // What the line defines itself is read where it is defined.
    if (this.#functions.includes(said)) return;
    this.#does(this.#doing(name, said, args), folder, depth);
  }

  #doing(name: string, said: string, args: readonly Word[]): Doing {
    if (name.startsWith("git-") && args.length === 1 && /^git-(upload-pack|receive-pack|upload-archive)$/.test(name))
      return gitServer(name.slice(4), args[0]!);
    const known = knownCommand(name);
    if (known === null) {
      const script = said.includes("/")
        ? [
            {
              word: { parts: [{ kind: "text", text: said, quoted: false }], expands: false },
              access: "execute",
            } as const,
          ]
        : [];
      return { effects: ["execute"], paths: script };
    }
    const opaque = {
      effects: ["execute"],
      paths: [],
      unknown: `${name} may run or reach what its words do not say`,
    } as const;
    if (known === "opaque") return specialCommand(name, args) ?? opaque;
    const operands: Word[] = [];
    let options = true;
    for (let at = 0; at < args.length; at++) {
      const text = literal(args[at]!);
      if (options && text?.startsWith("-") && text !== "-") {
        if (text === "--") options = false;
        else if (known.never?.test(text) || namesAFile(name, text)) return { ...opaque, effects: [known.effect] };
        else if (takesNext(text, known.values ?? "")) at++;
      } else operands.push(args[at]!);
    }
    return {
      effects: [known.effect],
      paths: operandPaths(known.paths, operands.slice(patternBefore(known.before ?? 0, args))),
    };
  }

  #does({ effects, paths, runs, unknown }: Doing, folder: Folder, depth: number): void {
    for (const effect of effects) this.#effects.add(effect);
    if (unknown !== undefined) this.#unknowns.add(unknown);
    for (const { word, access } of paths) this.#path(word, access, folder);
    if (runs) this.#words(runs, null, depth + 1);
  }

  #redirect({ operator, target }: Redirect, folder: Folder): void {
    this.#redirects.add(operator);
    if (target === null) return;
    const access = operator === "<" ? "read" : "write";
    if (literal(target) === "/dev/null") return;
    this.#effects.add(access);
    this.#path(target, access, folder);
  }

  #path(word: Word, access: Access, folder: Folder): void {
    if (literal(word) === "-") return;
    const path = withHome(pathOf(word, folder), this.#home);
    if (path === null) this.#unknowns.add("a path that is known only when it runs");
    else if (/^\/dev\/(tcp|udp)\//.test(path)) this.#unknowns.add("a redirection to the network");
    this.#resource({ kind: "path", name: path ?? shown(word).slice(0, 500), access });
  }

  #resource(resource: Resource): void {
    if (this.#resources.size >= maxResources) this.#unknowns.add(`more than ${maxResources} paths`);
    else this.#resources.set(`${resource.kind} ${resource.access} ${resource.name}`, resource);
  }
}

/** Programs of the system's own folders are known by their name; others by their path. */
function commandName(said: string): string {
  const found = /^(?:\/usr(?:\/local)?)?\/s?bin\/([^/]+)$/.exec(said);
  return found ? found[1]! : said;
}

/** Long options that bring a file along: `--from-file=…`; `grep -f`. */
function namesAFile(name: string, option: string): boolean {
  return (
    option.length > 200 ||
    /^--[a-z0-9-]*(file|files0-from|output|script|exec|command|pager|program|from)[a-z0-9-]*(=|$)/.test(option) ||
    (/grep$/.test(name) && /^-[a-zA-Z]*f/.test(option))
  );
}

function takesNext(option: string, values: string): boolean {
  if (option.startsWith("--")) return false;
  const at = [...option.slice(1)].findIndex((letter) => values.includes(letter));
  return at >= 0 && at === option.length - 2;
}

/** `grep -e pattern file` has no pattern among its operands. */
function patternBefore(before: number, args: readonly Word[]): number {
  return before > 0 && args.some((word) => /^(-[a-zA-Z]*e|--regexp)/.test(literal(word) ?? "")) ? 0 : before;
}

function operandPaths(how: Access | "copy" | "move" | "link" | null, operands: readonly Word[]): Doing["paths"] {
  if (how === null) return [];
  const last = operands.length - 1;
  return operands.map((word, at) => {
    if (how === "copy") return { word, access: at === last && last > 0 ? "write" : "read" };
    if (how === "move") return { word, access: at === last && last > 0 ? "write" : "destroy" };
    if (how === "link") return { word, access: at === last ? "write" : "read" };
    return { word, access: how };
  });
}

const unique = (resources: readonly Resource[]) => [...new Set(resources.map(({ name }) => name))].slice(0, 100);
