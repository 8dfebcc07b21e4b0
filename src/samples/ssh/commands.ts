import { Files } from "./files.js";

/** What a line did. */
export interface Ran {
  readonly out: string;
  readonly err: string;
  readonly code: number;
  /** The shell is over. */
  readonly leaves?: true;
}

export interface Place {
  folder: string;
}

/** Characters of one line's output, before the last of its commands. */
const mostOutput = 16 * 1024 * 1024;

const ok = (out = ""): Ran => ({ out, err: "", code: 0 });
const no = (err: string, code = 1): Ran => ({ out: "", err: `${err}\n`, code });

/** Runs one line on the sample machine: a handful of commands, words and `;`, nothing else. */
export function runLine(line: string, files: Files, at: Place): Ran {
  let [out, err, code] = ["", "", 0];
  for (const part of line.split(/;|&&/)) {
    if (out.length > mostOutput) return { out, err: `${err}this is too much for this sample\n`, code: 1 };
    const words = wordsOf(part);
    if (words.length === 0) continue;
    const ran = runWords(words, files, at);
    out += ran.out;
    err += ran.err;
    code = ran.code;
    if (ran.leaves) return { out, err, code, leaves: true };
  }
  return { out, err, code };
}

function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain!,
  );
}

function runWords([name, ...args]: readonly string[], files: Files, at: Place): Ran {
  const operands = args.filter((arg) => !arg.startsWith("-")).map((arg) => files.resolve(arg, at.folder));
  switch (name) {
    case "ls": {
      const path = operands[0] ?? at.folder;
      if (files.read(path)) return ok(`${path}\n`);
      return files.isFolder(path)
        ? ok(
            files
              .list(path)
              .map((one) => `${one}\n`)
              .join(""),
          )
        : no(`ls: ${path}: no such file`, 2);
    }
    case "cat":
    case "head":
    case "tail": {
      const texts = operands.map((path) => files.read(path));
      const missing = texts.indexOf(null);
      return missing >= 0 ? no(`${name}: ${operands[missing]}: no such file`) : ok(texts.join(""));
    }
    case "rm": {
      const missing = operands.find((path) => !files.remove(path));
      return missing === undefined ? ok() : no(`rm: ${missing}: no such file`);
    }
    case "cd": {
      const path = operands[0] ?? Files.home;
      if (!files.isFolder(path)) return no(`cd: ${path}: no such folder`);
      at.folder = path;
      return ok();
    }
    case "pwd":
      return ok(`${at.folder}\n`);
    case "echo":
      return ok(`${args.join(" ")}\n`);
    case "whoami":
      return ok("deploy\n");
    case "hostname":
      return ok("site-demo\n");
    case "uname":
      return ok("Linux site-demo (a sample)\n");
    case "date":
      return ok(`${new Date().toISOString()}\n`);
    case "uptime":
      return ok(`up ${Math.round(process.uptime())} seconds\n`);
    case "help":
      return ok("ls cat head tail rm cd pwd echo whoami hostname uname date uptime exit\n");
    case "true":
      return ok();
    case "exit":
    case "logout":
      return { ...ok(), leaves: true };
    default:
      return no(`${name}: command not found (this sample knows: help)`, 127);
  }
}
