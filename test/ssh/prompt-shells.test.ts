import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Lanes } from "../support/lanes.js";
import { lines, promptLanes, promptTerminal, trustGateway } from "./prompts.js";
import { type Sshd, startSshd } from "./sshd.js";
import type { Terminal } from "./terminal.js";

// The prompts of shells that are not bash, as Debian brings them: dash, whose lines the terminal edits, and zsh with an editor of its own.
const folder = mkdtempSync(join(tmpdir(), "hoop-shells-"));
trustGateway(folder);
const cleanups: (() => unknown)[] = [];
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A home for zsh with these lines in its settings. */
function zsh(name: string, ...settings: string[]): string {
  const home = join(folder, name);
  mkdirSync(home);
  writeFileSync(join(home, ".zshrc"), `${["HISTSIZE=100", ...settings].join("\n")}\n`);
  return `exec env ZDOTDIR=${home} zsh -i`;
}

const shells = [
  ["dash", "exec env PS1='$ ' dash -i"],
  ["zsh", zsh("plain", "PROMPT='%# '")],
  [
    "zsh as many have it",
    zsh("rich", "autoload -Uz compinit; compinit -u", "PROMPT='%F{green}%n%f:%~%# '", "RPROMPT='%*'"),
  ],
] as const;

describe.each(shells)("at a prompt of %s", (name, command) => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd([`ForceCommand ${command}`]);
  });
  afterAll(() => sshd.stop());

  async function shell(): Promise<{ lane: Lanes; terminal: Terminal }> {
    const lane = await promptLanes(sshd);
    cleanups.push(() => lane.close());
    const terminal = promptTerminal(folder, lane);
    cleanups.push(() => terminal.child.kill());
    await terminal.shows(/[#$] /);
    // What zsh shows first looks like the prompt that comes after it.
    await terminal.still();
    return { lane, terminal };
  }

  test("a denied line is taken back with its reason, and the next one runs", async () => {
    const { lane, terminal } = await shell();
    const file = join(folder, "keep");
    writeFileSync(file, "x");
    terminal.type(`rm ${file}\r`);
    await terminal.shows("hoop: no rm, and nothing unknown");
    terminal.type("echo 42 | tr 4 f\r");
    await terminal.shows(/f2\n/);
    expect(existsSync(file)).toBe(true);
    expect(lines(lane).map(({ text }) => text)).toEqual([`rm ${file}`, "echo 42 | tr 4 f"]);
    terminal.type("exit\r");
    await terminal.over();
  });

  test("a line that was edited runs as it was read and judged", async () => {
    const { lane, terminal } = await shell();
    terminal.type("ecxx\x7f\x7fho rubbed\r");
    await terminal.shows("\nrubbed");
    terminal.type("echo one two\x17\x17three\r");
    await terminal.shows("\nthree");
    terminal.type("rm nothing\x15echo killed\r");
    await terminal.shows("\nkilled");
    expect(lines(lane).map(({ text }) => text)).toEqual(["echo rubbed", "echo three", "echo killed"]);
  });

  test("what is pasted is judged line by line, and what is typed ahead waits its turn", async () => {
    const { lane, terminal } = await shell();
    const file = join(folder, "pasted");
    writeFileSync(file, "x");
    terminal.type(`\x1b[200~echo one\nrm ${file}\necho three\n\x1b[201~`);
    await terminal.shows(/\nthree\n/);
    expect(existsSync(file)).toBe(true);
    expect(lines(lane).map(({ text }) => text)).toEqual(["echo one", `rm ${file}`, "echo three"]);
  });

  if (name !== "dash")
    test("history, search and completion", async () => {
      const { lane, terminal } = await shell();
      writeFileSync(join(folder, "a-very-long-name"), "content\n");
      terminal.type(`cat ${folder}/a-ver\t`);
      await terminal.shows("a-very-long-name");
      terminal.type("\r");
      await terminal.shows("content\n");
      let at = terminal.seen.length;
      terminal.type("\x1b[A");
      await terminal.shows("a-very-long-name", at);
      terminal.type("\x01\x1b[3~\x1b[3~\x1b[3~wc -c");
      // Its editor draws what it must and no more, so that there is no text to wait for.
      await terminal.still();
      at = terminal.seen.length;
      terminal.type("\r");
      await terminal.shows(/8 \S+a-very-long-name/, at);
      at = terminal.seen.length;
      terminal.type("\x12cat");
      await terminal.shows(/bck-i-search/, at);
      terminal.type("\r");
      await terminal.shows("content\n", at);
      expect(lines(lane).map(({ text }) => text)).toEqual([
        `cat ${folder}/a-very-long-name`,
        `wc -c ${folder}/a-very-long-name`,
        `cat ${folder}/a-very-long-name`,
      ]);
    });

  test("ways around", async () => {
    const { terminal } = await shell();
    const file = join(folder, "around");
    writeFileSync(file, "x");
    const tried = async (keys: string) => {
      const at = terminal.seen.length;
      terminal.type(keys);
      await new Promise((resolve) => setTimeout(resolve, 700));
      // Whatever it left in the line is taken away.
      terminal.type("\x03");
      await terminal.shows(/[#$] /, at);
      expect(existsSync(file), JSON.stringify(keys)).toBe(true);
    };
    for (const keys of [
      `rm ${file}\x0f`,
      `rm ${file}\x04`,
      `rm ${file}\x1b\r`,
      `rm ${file}\x16\x0a\r`,
      `rm ${file}\x0a`,
      "!rm\r",
      `x=rm\r$x ${file}\r`,
      `r\\\rm ${file}\r`,
      `echo 'rm ${file}' | sh\r`,
      `rm ${file}\r\x03xrm ${file}\r`,
      `xx\x1b[D\x1b[Drm ${file};\r`,
      `rm ${file}\x1bq`,
      `rm ${file}\x1ba`,
    ])
      await tried(keys);
    if (name !== "zsh") return;
    // What only zsh understands.
    for (const keys of [
      `=rm ${file}\r`,
      `noglob rm ${file}\r`,
      `nocorrect rm ${file}\r`,
      `- rm ${file}\r`,
      `repeat 1 rm ${file}\r`,
      `for x (1) rm ${file}\r`,
      `foreach x (1); rm ${file}; end\r`,
      `if [[ 1 ]] { rm ${file} }\r`,
      `() { rm ${file} }\r`,
      `function { rm ${file} }\r`,
      `{ true } always { rm ${file} }\r`,
      `ls ${folder}/around(e:'rm ${file}':)\r`,
      `ls ${folder}/*(+rm)\r`,
      `print -z rm ${file}\r\r`,
      `zmodload -F zsh/files b:zf_rm\rzf_rm ${file}\r`,
      `alias -g XX='; rm ${file}'\recho XX\r`,
      `alias -s gone='rm ${file} #'\rx.gone\r`,
      `echo \${(e):-'$(rm ${file})'}\r`,
      `echo =(rm ${file})\r`,
      `vared -c -p x y\r`,
      `coproc rm ${file}\r`,
      `command -p rm ${file}\r`,
      `builtin eval rm ${file}\r`,
      `emulate sh -c 'rm ${file}'\r`,
      `sched +00:00:00 rm ${file}\r\r`,
      `TRAPEXIT() { rm ${file} }\r`,
      `precmd() { rm ${file} }\r\r`,
      `autoload -Uz zargs; zargs -- ${file} -- rm\r`,
      `<${file} rm ${file}\r`,
      `bindkey -s x 'rm ${file}^M'\rx`,
      `zle -N foo\r`,
      `rm ${file} &!\r`,
      `: & rm ${file} &|\r`,
      `select x (1) rm ${file}\r1\r`,
      `time rm ${file}\r`,
      `case a (a) rm ${file};; esac\r`,
      `repeat 1; do rm ${file}; done\r`,
      `while (( 1 )) { rm ${file}; break }\r`,
      `let 'x[$(rm ${file})]=1'\r`,
      `echo $[x[$(rm ${file})]]\r`,
      `for x in 1; rm ${file}\r`,
      `for x in 1 { rm ${file} }\r`,
      `if (true) rm ${file}\r`,
      `if (true) { rm ${file} }\r`,
      `until (false) { rm ${file}; break }\r`,
      `case a { a) rm ${file} ;; }\r`,
      `$'r\\x6d' ${file}\r`,
      `true && { rm ${file} }\r`,
      `<<<x rm ${file}\r`,
      `true |& rm ${file}\r`,
      `{ ls /nowhere } || { rm ${file} }\r`,
      `function f rm ${file}\rf\r`,
      `>|/dev/null rm ${file}\r`,
      `echo a;{ rm ${file} }\r`,
      `chpwd() rm ${file}\rcd /\r`,
      `functions[x]='rm ${file}'; x\r`,
      `: ~[rm ${file}]\r`,
      `aliases[x]='rm ${file}'\rx\r`,
    ])
      await tried(keys);
  }, 600_000);
});
