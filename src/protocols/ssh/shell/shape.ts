/** Words of a command that are kept beside its name: what it is told to do, not with what. */
const maxShape = 4_000;

const kept = /^(\/|~\/|\.\.?\/|-{1,2}[A-Za-z][A-Za-z-]*$)[A-Za-z0-9._/@%+-]*$|^(\.|~|\/)$/;
/** Commands whose next word or two are names of actions and units. */
const verbs = new Set([
  "sudo",
  "systemctl",
  "service",
  "git",
  "docker",
  "podman",
  "kubectl",
  "apt",
  "apt-get",
  "yum",
  "dnf",
  "ip",
  "nohup",
  "env",
  "exec",
  "xargs",
  "time",
  "command",
]);
const token =
  /(<<<|&>>|<<-|\|\||&&|;;|>>|<<|&>|[0-9]*[<>]&?|[;&|(){}\n])|((?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s;&|(){}<>'"\\])+)|(\s+)|(.)/gs;

/**
 * The line as it may be shown to everybody who may see the audit: names of commands, options and paths stay; everything that may be a
 * value (a password after an option, a quoted text, an assignment's right side) becomes `?`.
 */
export function shapeOf(line: string): string {
  let first = true;
  let free = 0;
  const parts: string[] = [];
  for (const [, operator, word, blank] of line.slice(0, maxShape).matchAll(token)) {
    if (operator !== undefined) {
      parts.push(operator === "\n" ? ";" : operator);
      first = !/[<>]/.test(operator);
      free = 0;
    } else if (blank !== undefined) parts.push(" ");
    else if (word === undefined) parts.push("?");
    else if (/^[A-Za-z_][A-Za-z0-9_]*=/.test(word)) parts.push(word.replace(/=.*/s, "=?"));
    else if (first || free > 0) {
      parts.push(/^[\w./~@%+:[\]!-]{1,100}$/.test(word) ? word : "?");
      free = first ? (verbs.has(word) ? (word === "sudo" ? 1 : 2) : 0) : free - 1;
      if (first && wraps.has(word)) free = 0;
      first = first && wraps.has(word);
    } else if (/^--?[A-Za-z][A-Za-z-]*=/.test(word)) parts.push(word.replace(/=.*/s, "=?"));
    else parts.push(kept.test(word) && !/^-[A-Za-z]{5,}$/.test(word) ? word : "?");
  }
  return (
    parts
      .join("")
      .replaceAll(/[ \t]+/g, " ")
      .trim() + (line.length > maxShape ? " …" : "")
  );
}

const wraps = new Set(["sudo", "nohup", "exec", "time", "command", "env", "if", "then", "else", "do", "while", "!"]);
