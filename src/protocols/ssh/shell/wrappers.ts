import { type Folder, pathOf } from "./paths.js";
import type { Word } from "./script.js";
import { literal, someWord } from "./words.js";

/** What a command that runs another one comes down to. */
export interface Unwrapped {
  /** The command behind it; null: none, it does its own work. */
  readonly words: readonly Word[] | null;
  /** A line that a shell is given to read. */
  readonly line?: string;
  /** It runs as somebody else. */
  readonly sudo?: true;
  /** It runs on another machine, by this name. */
  readonly host?: string;
  /** Where it runs, when elsewhere than here; null: nobody can say. */
  readonly folder?: Folder;
  readonly unknown?: string;
}

interface Options {
  /** Short options that take a value, and long ones that take it as a word of their own. */
  readonly values: string;
  readonly long?: readonly string[];
  /** Operands before the command, e.g. the time of `timeout`. */
  readonly operands?: number;
  /** Options that make it do something else. */
  readonly other?: RegExp;
}

const plainWrappers: Readonly<Record<string, Options>> = {
  nohup: { values: "" },
  setsid: { values: "" },
  nice: { values: "n", long: ["--adjustment"] },
  ionice: { values: "cn", long: ["--class", "--classdata"], other: /^-[pPu]|^--(pid|pgid|uid)/ },
  time: { values: "f", other: /^-[oa]|^--(output|append)/ },
  timeout: { values: "ks", long: ["--kill-after", "--signal"], operands: 1 },
  stdbuf: { values: "ioe", long: ["--input", "--output", "--error"] },
  exec: { values: "a" },
  command: { values: "" },
  builtin: { values: "" },
  busybox: { values: "" },
  toybox: { values: "" },
  chrt: { values: "T", operands: 1, other: /^-[pm]|^--(pid|max)/ },
  taskset: { values: "", operands: 1, other: /^-p|^--pid/ },
};

const shells = new Set(["sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "rbash"]);

/** Null: it wraps nothing. */
export function unwrap(name: string, args: readonly Word[], folder: Folder): Unwrapped | null {
  if (shells.has(name)) return shell(args);
  const plain = plainWrappers[name];
  if (plain) {
    if (name === "command" && /^-[pvV]*[vV]/.test(literal(args[0] ?? someWord) ?? "")) return null;
    return after(name, args, plain);
  }
  switch (name) {
    case "sudo":
    case "doas":
      return sudo(name, args);
    case "su":
    case "runuser":
      return su(name, args);
    case "env":
      return env(args, folder);
    case "xargs":
      return xargs(args);
    case "parallel":
    case "watch":
    case "script":
    case "unshare":
    case "nsenter":
    case "chroot":
    case "strace":
    case "gdb":
    case "flock":
    case "at":
    case "batch":
    case "entr":
    case "expect":
    case "screen":
    case "tmux":
    case "systemd-run":
      return { words: null, unknown: `${name} runs what cannot be followed` };
    case "ssh":
      return ssh(args);
    default:
      return null;
  }
}

/** Where the command begins behind options; a string: why it cannot be said. */
function skipOptions(
  name: string,
  args: readonly Word[],
  { values, long = [], operands = 0, other }: Options,
): number | string {
  let at = 0;
  let left = operands;
  for (; at < args.length; at++) {
    const text = literal(args[at]!);
    if (text === null) return `what ${name} runs is known only when it runs`;
    if (text === "--") {
      at++;
      break;
    }
    if (!text.startsWith("-") || text === "-") break;
    if (other?.test(text)) return `${name} ${text} is not followed`;
    if (text.startsWith("--")) {
      if (long.includes(text)) at++;
    } else {
      // The value is the rest of the word, or the next word where nothing is left.
      const option = [...text.slice(1)].findIndex((letter) => values.includes(letter));
      if (option >= 0 && option === text.length - 2) at++;
    }
  }
  while (left > 0 && at < args.length) {
    at++;
    left--;
  }
  return at;
}

function after(name: string, args: readonly Word[], options: Options): Unwrapped {
  const at = skipOptions(name, args, options);
  if (typeof at === "string") return { words: null, unknown: at };
  return { words: args.slice(at) };
}

function sudo(name: string, args: readonly Word[]): Unwrapped {
  const options: Options = {
    values: name === "doas" ? "uC" : "ugpCDhrRtTU",
    long: ["--user", "--group", "--prompt", "--host", "--close-from", "--chdir", "--role", "--type", "--chroot"],
    // A shell, an editor, another place.
    other: /^-[A-Za-z]*[sieDRh]|^--(shell|login|edit|chdir|chroot|host|preserve-env=)/,
  };
  const at = skipOptions(name, args, options);
  if (typeof at === "string") return { words: null, sudo: true, unknown: at };
  const words = args.slice(at);
  // `sudo VAR=value command`
  if (/^[A-Za-z_][A-Za-z0-9_]*=/.test(literal(words[0] ?? someWord) ?? ""))
    return { words: null, sudo: true, unknown: `${name} with variables` };
  return { words, sudo: true };
}

function su(name: string, args: readonly Word[]): Unwrapped {
  const texts = args.map(literal);
  if (texts.includes(null)) return { words: null, sudo: true, unknown: `what ${name} runs is known only when it runs` };
  const command = texts.findIndex((text) => text === "-c" || text === "--command" || text === "-lc");
  const known = (text: string | null) => /^(-|-l|--login|[a-z_][a-z0-9_.-]*|-u)$/.test(text!);
  if (name === "runuser" && texts[0] === "-u" && texts.length > 2)
    return { words: args.slice(texts[2] === "--" ? 3 : 2), sudo: true };
  if (command < 0 || !texts.slice(0, command).every(known) || !texts.slice(command + 2).every(known))
    return { words: null, sudo: true, unknown: `${name} opens a shell, or runs what cannot be followed` };
  return { words: null, line: texts[command + 1] ?? "", sudo: true, folder: null };
}

function env(args: readonly Word[], folder: Folder): Unwrapped {
  let at = 0;
  for (; at < args.length; at++) {
    const text = literal(args[at]!);
    if (text === null) return { words: null, unknown: "what env runs is known only when it runs" };
    if (text === "-i" || text === "-" || text === "--ignore-environment" || text === "-0") continue;
    if (text === "-u") {
      at++;
      continue;
    }
    const name = /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(text)?.[1];
    if (name !== undefined) {
      if (!harmless(name)) return { words: null, unknown: `the variable ${name} may change what commands do` };
      continue;
    }
    if (text.startsWith("-")) return { words: null, unknown: `env ${text} is not followed` };
    break;
  }
  return { words: args.slice(at), folder };
}

function xargs(args: readonly Word[]): Unwrapped {
  const options: Options = {
    values: "adEILnPs",
    long: ["--arg-file", "--delimiter", "--max-lines", "--max-args", "--max-procs", "--max-chars", "--replace"],
  };
  const at = skipOptions("xargs", args, options);
  if (typeof at === "string") return { words: null, unknown: at };
  const words = args.slice(at);
  // What it adds comes from its input; `-I` may put it anywhere.
  const replaces = args.slice(0, at).some((word) => /^(-[IiJ]|--replace)/.test(literal(word) ?? ""));
  if (replaces && shells.has(literal(words[0] ?? someWord) ?? ""))
    return { words: null, unknown: "xargs puts its input into a shell's line" };
  return words.length === 0 ? { words: null } : { words: [...words, someWord] };
}

function shell(args: readonly Word[]): Unwrapped {
  for (let at = 0; at < args.length; at++) {
    const text = literal(args[at]!);
    if (text === null) return { words: null, unknown: "what the shell reads is known only when it runs" };
    if (/^-[a-z]*c[a-z]*$/.test(text)) {
      if (/[^celuxf-]/.test(text)) return { words: null, unknown: `a shell with ${text}` };
      const next = args[at + 1];
      const line = next ? literal(next) : null;
      if (line === null || line.startsWith("-"))
        return { words: null, unknown: "what the shell reads is known only when it runs" };
      return { words: null, line };
    }
    if (/^-[elux]+$/.test(text) || text === "--login" || text === "--norc" || text === "--noprofile") continue;
    if (text === "--version" || text === "--help") return { words: null };
    if (text.startsWith("-")) break;
    // A script: a file of the target that runs.
    return { words: [args[at]!, ...args.slice(at + 1)] };
  }
  return { words: null, unknown: "a shell that reads commands from its input" };
}

function ssh(args: readonly Word[]): Unwrapped {
  const at = skipOptions("ssh", args, { values: "bcDEeFIiJLlmOopQRSWw", other: /^-[oFDLRJWwES]/ });
  if (typeof at === "string") return { words: null, unknown: at };
  const host = literal(args[at] ?? someWord);
  if (host === null) return { words: null, unknown: "where ssh leads is known only when it runs" };
  const rest = args.slice(at + 1).map(literal);
  const name = host.replace(/^.*@/, "");
  if (rest.includes(null)) return { words: null, host: name, unknown: "what ssh runs is known only when it runs" };
  return rest.length === 0
    ? { words: null, host: name, unknown: "a shell on another host" }
    : { words: null, host: name, line: rest.join(" "), folder: null };
}

/** A variable that changes how things look and not what is done. */
export function harmless(name: string): boolean {
  return (
    /^(LANG|LANGUAGE|LC_[A-Z]+|TZ|TERM|COLUMNS|LINES|NO_COLOR|COLORTERM|DEBIAN_FRONTEND|LOGLEVEL|VERBOSE|DEBUG|[a-z_][a-z0-9_]*)$/.test(
      name,
    ) &&
    !/_proxy$/.test(name) &&
    name !== "path" &&
    name !== "_"
  );
}

/** `cd`: where later commands run. */
export function changesFolder(args: readonly Word[], folder: Folder): Folder {
  const rest = args.filter((word) => !/^-[LPe@]+$|^--$/.test(literal(word) ?? ""));
  if (rest.length === 0) return "~";
  if (rest.length > 1 || literal(rest[0]!) === "-") return null;
  return pathOf(rest[0]!, folder);
}
