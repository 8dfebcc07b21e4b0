import { badTemplate, type Part } from "./parts.js";

/** What is known of one place in a command line. */
export interface ShellPlace {
  /** The value is the beginning of a word: a dash there makes it an option. */
  readonly beginsWord: boolean;
  /** A word `--` stands before it in its command. */
  readonly afterDashes: boolean;
}

/** Programs that read an argument, or what an argument names, as code: quoting ends where they begin. */
const interpreters = new Set(
  (
    "sh bash dash zsh ksh ash fish csh tcsh busybox eval source . trap alias let declare typeset local export readonly unset [[ test [ " +
    "python python2 python3 perl ruby node php lua tclsh awk gawk mawk nawk sed ed ex vi vim expect make " +
    "ssh su runuser xargs parallel timeout flock chroot watch script nsenter unshare at batch psql mysql sqlite3 mongosh redis-cli"
  ).split(" "),
);
/** They run the command behind them, and their options. */
const wrappers = new Set("sudo doas env nice nohup setsid exec command time stdbuf builtin".split(" "));
const reserved = new Set(["if", "then", "else", "elif", "while", "until", "do", "!", "{", "time"]);

/** Stands for a value in a word that is looked at. */
const mark = "\0";

/**
 * Goes through a command line as a POSIX shell would. A place must be outside of quotes, comments, substitutions and here-documents,
 * an argument and no command, and must not be handed to an interpreter. Throws HoopError `invalid`.
 */
export function shellPlaces(parts: readonly Part[]): readonly ShellPlace[] {
  if (parts.every((part) => part.kind === "text")) return [];
  const scan = new ShellScan();
  for (const [index, part] of parts.entries()) {
    if (part.kind === "value") scan.value(part.name);
    else scan.text(part.text, parts[index + 1]?.kind === "value");
  }
  return scan.end();
}

class ShellScan {
  readonly #places: ShellPlace[] = [];
  #quote: "'" | '"' | "#" | null = null;
  #word: string | null = null;
  #words: string[] = [];
  #last = "";

  text(text: string, valueFollows: boolean): void {
    for (let at = 0; at < text.length; at++) {
      const char = text[at]!;
      const two = text.slice(at, at + 2);
      if (this.#quote !== "#" && this.#quote !== "'" && (char === "`" || two === "$(" || two === "${"))
        throw refused(two === "${" ? "an expansion in braces" : "a substitution");
      if (this.#quote === "'" || this.#quote === '"') {
        if (char === "\\" && this.#quote === '"') at += 1;
        else if (char === this.#quote) this.#quote = null;
        this.#word += char;
      } else if (this.#quote === "#") {
        if (char === "\n") this.#command();
      } else if (char === "\\") {
        if (at + 1 >= text.length && valueFollows) throw badTemplate("a backslash stands before a value");
        this.#word = `${this.#word ?? ""}${text[at + 1] ?? ""}`;
        at += 1;
      } else if (char === "'" || char === '"') {
        if (this.#last === "$") throw refused("a literal $'…'");
        this.#quote = char;
        this.#word ??= "";
      } else if (two === "<<" || two === "<(" || two === ">(" || two === "((")
        throw refused(two === "<<" ? "a here-document" : two === "((" ? "arithmetic" : "a substitution");
      else if (char === "#" && this.#word === null) this.#quote = "#";
      else if (/\s/.test(char)) {
        this.#endWord();
        if (char === "\n") this.#command();
      } else if (/[;&|()]/.test(char)) this.#command();
      else if (/[<>]/.test(char)) this.#endWord();
      else this.#word = `${this.#word ?? ""}${char}`;
      this.#last = text[at] ?? "";
    }
  }

  value(name: string): void {
    if (this.#quote === "#") throw badTemplate(`{{${name}}} stands in a comment`);
    if (this.#quote !== null)
      throw badTemplate(
        `{{${name}}} stands inside quotes, where it would be pasted`,
        "write it without: it is quoted by Hoop",
      );
    if (this.#last === "$" || this.#last === "~")
      throw badTemplate(`{{${name}}} stands behind ${this.#last}, which changes how it is read`);
    const beginsWord = this.#word === null;
    this.#places.push({ beginsWord, afterDashes: this.#words.includes("--") });
    this.#word = `${this.#word ?? ""}${mark}`;
    this.#last = mark;
  }

  end(): readonly ShellPlace[] {
    if (this.#quote === "'" || this.#quote === '"') throw badTemplate("the command ends inside quotes");
    this.#command();
    return this.#places;
  }

  #endWord(): void {
    if (this.#word !== null) this.#words.push(this.#word);
    this.#word = null;
  }

  /** One simple command is over. */
  #command(): void {
    this.#endWord();
    if (this.#quote === "#") this.#quote = null;
    const words = this.#words;
    this.#words = [];
    if (!words.some((word) => word.includes(mark))) return;
    const rest = words.slice(commandAt(words));
    if (rest.length === 0)
      throw badTemplate("a value is kept in a variable of the shell, and would be pasted where that is used");
    if (rest[0]!.includes(mark))
      throw badTemplate("a value would be the command itself", "an enum with a step each says what may run");
    for (const word of words) {
      const program = word.slice(word.lastIndexOf("/") + 1);
      if (interpreters.has(program.replace(/[\d.]+$/, "") || program) || interpreters.has(program))
        throw badTemplate(
          `a value is handed to ${program}, which reads what it is given as more than a word`,
          "put what it does in a script on the target and call that",
        );
    }
  }
}

/** Where the command's own name stands: behind assignments, reserved words, and programs that run another. */
function commandAt(words: readonly string[]): number {
  let at = 0;
  let wrapped = false;
  for (; at < words.length; at++) {
    const word = words[at]!;
    const assigns = /^[A-Za-z_][A-Za-z0-9_]*=/.test(word);
    if (assigns || reserved.has(word) || (wrapped && word.startsWith("-"))) continue;
    if (!wrappers.has(word.slice(word.lastIndexOf("/") + 1))) break;
    wrapped = true;
  }
  return at;
}

function refused(what: string) {
  return badTemplate(
    `a command line with values has ${what}, inside which they could be read as code`,
    "put what it does in a script on the target and call that",
  );
}
