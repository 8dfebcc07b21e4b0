import type { Access, Effect } from "../../../vocabulary/index.js";
import type { Word } from "./script.js";
import { literal, someWord } from "./words.js";
import { harmless } from "./wrappers.js";

/** What one command does, as far as its words say. */
export interface Doing {
  readonly effects: readonly Effect[];
  readonly paths: readonly { readonly word: Word; readonly access: Access }[];
  /** A command that it runs. */
  readonly runs?: readonly Word[];
  readonly unknown?: string;
}

/** Commands whose words decide what they do. Undefined: nothing special; what they do cannot be followed. */
export function specialCommand(name: string, args: readonly Word[]): Doing | undefined {
  const texts = args.map(literal);
  const first = texts[0] ?? "";
  switch (name) {
    case "find":
      return find(args, texts);
    case "sed":
      return sed(args, texts);
    case "dd":
      return dd(args, texts);
    case "sort":
    case "uniq":
      // An output, or a program that compresses.
      if (texts.some((text) => text === null || /^(-[a-zA-Z]*o|--output|--compress|--files0|-T|--temp)/.test(text)))
        return undefined;
      if (name === "uniq" && texts.filter((text) => !text!.startsWith("-")).length > 1) return undefined;
      return reads(args.filter((_, at) => !/^-/.test(texts[at]!)));
    case "printf":
      return texts[0] === null || /^-v/.test(first) ? undefined : { effects: ["read"], paths: [] };
    case "read":
      return texts.some((text) => text === null || text.includes("[")) ? undefined : { effects: ["read"], paths: [] };
    case "unset":
      return texts.every((text) => text !== null && /^[a-z_][a-z0-9_]*$/.test(text))
        ? { effects: ["read"], paths: [] }
        : undefined;
    case "set":
      return texts.length > 0 &&
        texts.every((text) => /^[-+]([eufx]+|o)$|^pipefail$|^errexit$|^nounset$/.test(text ?? "?"))
        ? { effects: ["read"], paths: [] }
        : undefined;
    case "export":
      return texts.every((text) => text !== null && harmless(text.replace(/=.*/s, "")))
        ? { effects: ["read"], paths: [] }
        : undefined;
    case "date":
      return texts.some((text) => text === null || /^(-s|--set|-f|--file|[0-9])/.test(text))
        ? admin()
        : { effects: ["read"], paths: [] };
    case "hostname":
      return texts.every((text) => text !== null && /^-[adfiIsy]+$/.test(text))
        ? { effects: ["read"], paths: [] }
        : admin();
    case "dmesg":
      return texts.every((text) => text !== null && /^-[HTtkuxe]+$|^--(human|ctime|level=.*)$/.test(text))
        ? { effects: ["read"], paths: [] }
        : admin();
    case "journalctl":
      // On a terminal its pager could run anything; without one it reads.
      if (!texts.includes("--no-pager") && !texts.some((text) => /^-[a-z]*f/.test(text ?? ""))) return undefined;
      return texts.some((text) => text === null || /^--(vacuum|rotate|flush|sync|relinquish|setup)/.test(text))
        ? admin()
        : { effects: ["read"], paths: [] };
    case "systemctl":
      return /^(status|show|cat|is-active|is-enabled|is-failed|list-units|list-timers|list-unit-files|list-sockets)$/.test(
        texts.find((text) => !text?.startsWith("-")) ?? "",
      )
        ? { effects: ["read"], paths: [] }
        : admin();
    case "service":
      return texts[1] === "status" ? { effects: ["read"], paths: [] } : admin();
    case "ip":
      return texts.every((text) => text !== null) &&
        !texts.some(
          (text) =>
            /^(add|del|delete|set|change|replace|flush|append|exec|-b|-batch|-force|up|down|netns|vrf)$/.test(text!) ||
            /^-b/.test(text!),
        )
        ? { effects: ["read"], paths: [] }
        : admin();
    case "python":
    case "python3":
    case "perl":
    case "ruby":
    case "node":
    case "php":
      if (texts.length === 1 && /^(--version|-V|-v)$/.test(first)) return { effects: ["read"], paths: [] };
      // A script of the target's runs; code that comes along in the line is unknown.
      return texts.length > 0 && texts[0] !== null && !first.startsWith("-")
        ? { effects: ["execute"], paths: [{ word: args[0]!, access: "execute" }] }
        : undefined;
    case "git":
      return git(args, texts);
    case "scp":
      return scp(args, texts);
    case "rsync":
      return rsync(args, texts);
    default:
      return undefined;
  }
}

const reads = (words: readonly Word[]): Doing => ({
  effects: ["read"],
  paths: words.map((word) => ({ word, access: "read" })),
});

const admin = (): Doing => ({ effects: ["admin"], paths: [] });

type Texts = readonly (string | null)[];

const findTests =
  /^-(name|iname|path|ipath|regex|iregex|type|size|mtime|ctime|atime|mmin|cmin|amin|newer|user|group|perm|maxdepth|mindepth|uid|gid|links|inum|fstype|printf|regextype|samefile)$/;
const findWords =
  /^(-(print|print0|ls|empty|not|and|or|a|o|follow|depth|mount|xdev|readable|writable|executable|daystart|prune|true|false|nouser|nogroup|quit|[HLP])|[!(),])$/;

function find(args: readonly Word[], texts: Texts): Doing | undefined {
  const start = texts.findIndex((text) => text !== null && /^(-[a-z]|[!(])/.test(text));
  const roots = (start < 0 ? args : args.slice(0, start)).filter((word) => !/^-/.test(literal(word) ?? ""));
  const effects: Effect[] = ["read"];
  let access: Access = "read";
  let runs: readonly Word[] | undefined;
  for (let at = start < 0 ? args.length : start; at < args.length; at++) {
    const text = texts[at];
    if (text === undefined || text === null) return undefined;
    if (text === "-delete") {
      effects.push("destroy");
      access = "destroy";
    } else if (/^-(exec|execdir|ok|okdir)$/.test(text)) {
      const end = texts.findIndex((one, place) => place > at && (one === ";" || one === "+"));
      if (end < 0 || runs) return undefined;
      runs = args.slice(at + 1, end).map((word) => (literal(word)?.includes("{}") ? someWord : word));
      at = end;
    } else if (findTests.test(text)) at++;
    else if (!findWords.test(text)) return undefined;
  }
  return { effects, paths: roots.map((word) => ({ word, access })), ...(runs ? { runs } : {}) };
}

/** Programs that print, delete lines or put one text in the place of another; `w` and `e` reach further. */
const plainSed =
  /^(([0-9]+|\$|\/[^/]*\/)(,([0-9]+|\$|\/[^/]*\/))?!?[pdq=]|s([/|#,:])(?:(?!\5)[^\\\n]|\\[^\n])*\5(?:(?!\5)[^\\\n]|\\[^\n])*\5[gpI0-9]*)$/;

function sed(args: readonly Word[], texts: Texts): Doing | undefined {
  const files: Word[] = [];
  let program: string | null = null;
  let writes = false;
  for (const [at, text] of texts.entries()) {
    if (text === null && program === null) return undefined;
    if (text !== null && /^-/.test(text)) {
      if (/^-(i[.a-z~]*|-in-place.*)$/.test(text)) writes = true;
      else if (!/^-([nErzsu]+|-quiet|-regexp-extended)$/.test(text)) return undefined;
    } else if (program === null) program = text;
    else files.push(args[at]!);
  }
  if (program === null || program.length > 200 || !plainSed.test(program)) return undefined;
  const access = writes ? "write" : "read";
  return { effects: [access], paths: files.map((word) => ({ word, access })) };
}

function dd(args: readonly Word[], texts: Texts): Doing | undefined {
  const paths: { word: Word; access: Access }[] = [];
  const effects: Effect[] = ["read"];
  for (const text of texts) {
    const found = /^([a-z]+)=(.*)$/s.exec(text ?? "");
    if (!found) return undefined;
    const word: Word = { parts: [{ kind: "text", text: found[2]!, quoted: true }], expands: false };
    if (found[1] === "if") paths.push({ word, access: "read" });
    else if (found[1] === "of") {
      const device = found[2]!.startsWith("/dev/") && found[2] !== "/dev/null";
      effects.push(device ? "destroy" : "write");
      paths.push({ word, access: device ? "destroy" : "write" });
    }
  }
  return args.length === 0 ? undefined : { effects, paths };
}

/** Only what reads, without options that name programs: repositories may bring their own commands along. */
function git(args: readonly Word[], texts: Texts): Doing | undefined {
  const [verb, ...rest] = texts;
  const inside = args[texts.length - 1];
  if ((verb === "upload-pack" || verb === "receive-pack" || verb === "upload-archive") && rest.length === 1)
    return gitServer(verb, inside!);
  return undefined;
}

/** What `git clone`, `fetch` and `push` run at the far end. */
export function gitServer(verb: string, path: Word): Doing {
  const access = verb === "receive-pack" ? "write" : "read";
  return { effects: [access], paths: [{ word: path, access }] };
}

/** `scp -t` and `-f` are what a client's scp runs at the far end. */
function scp(args: readonly Word[], texts: Texts): Doing | undefined {
  const flags = texts.filter((text) => text?.startsWith("-"));
  const operands = args.filter((_, at) => !texts[at]?.startsWith("-"));
  if (!flags.every((text) => /^-[rpdvqtf]+$|^--$/.test(text!)) || operands.length !== 1) return undefined;
  const [sinks, sources] = [flags.some((text) => text!.includes("t")), flags.some((text) => text!.includes("f"))];
  if (sinks === sources) return undefined;
  const access = sinks ? "write" : "read";
  return { effects: [access], paths: [{ word: operands[0]!, access }] };
}

/** `rsync --server [--sender] flags . paths`, as its client asks for it. */
function rsync(args: readonly Word[], texts: Texts): Doing | undefined {
  if (texts[0] !== "--server") return undefined;
  const dot = texts.indexOf(".");
  if (dot < 0) return undefined;
  const options = texts.slice(1, dot);
  const plain =
    /^(--sender|-[A-Za-z.]+|--(partial|progress|stats|numeric-ids|inplace|append|checksum-choice=[a-z0-9]+|compress-level=\d+|delete(-before|-during|-after|-delay|-excluded)?|size-only|ignore-times|timeout=\d+|bwlimit=\d+|no-[a-z-]+|existing|ignore-existing|update|whole-file|partial-dir=[^/]+))$/;
  if (!options.every((text) => text !== null && plain.test(text))) return undefined;
  const sends = options.includes("--sender");
  const destroys = options.some((text) => /^--(delete|remove)/.test(text!));
  const access = sends ? "read" : destroys ? "destroy" : "write";
  return {
    effects: sends ? ["read"] : destroys ? ["write", "destroy"] : ["write"],
    paths: args.slice(dot + 1).map((word) => ({ word, access })),
  };
}
