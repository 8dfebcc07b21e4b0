import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { LaneOptions, Lanes } from "../support/lanes.js";
import { commandsOf, lines, promptLanes, promptTerminal, trustGateway } from "./prompts.js";
import { type Sshd, startSshd } from "./sshd.js";
import type { Terminal } from "./terminal.js";

let sshd: Sshd;
let folder: string;
const cleanups: (() => unknown)[] = [];
beforeAll(async () => {
  sshd = await startSshd();
  folder = mkdtempSync(join(tmpdir(), "hoop-prompt-"));
  trustGateway(folder);
});
afterAll(async () => {
  await sshd.stop();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function lanes(options: Partial<LaneOptions> = {}): Promise<Lanes> {
  const lane = await promptLanes(sshd, options);
  cleanups.push(() => lane.close());
  return lane;
}

async function shell(lane: Lanes): Promise<Terminal> {
  const terminal = promptTerminal(folder, lane);
  cleanups.push(() => terminal.child.kill());
  await terminal.shows(/[#$] $/);
  return terminal;
}

test("a line is judged before it runs: a denied one is taken back with its reason, and the next one runs", async () => {
  const lane = await lanes();
  const terminal = await shell(lane);
  const file = join(folder, "keep");
  writeFileSync(file, "x");
  terminal.type(`rm ${file}\r`);
  await terminal.shows("hoop: no rm, and nothing unknown");
  terminal.type("echo $((6 * 7)) | tr 4 f\r".replace("$((6 * 7))", "42"));
  await terminal.shows(/f2\n/);
  expect(existsSync(file)).toBe(true);
  expect(lines(lane).map(({ text }) => text)).toEqual([`rm ${file}`, "echo 42 | tr 4 f"]);
  terminal.type("exit\r");
  await terminal.over();
});

test("history, completion and editing: the line that runs is the one that was read and judged", async () => {
  const lane = await lanes();
  const terminal = await shell(lane);
  writeFileSync(join(folder, "a-very-long-name"), "content\n");
  terminal.type(`cat ${folder}/a-ver\t`);
  await terminal.shows("a-very-long-name");
  terminal.type("\r");
  await terminal.shows("content\n");
  let at = terminal.seen.length;
  // The last line again, with its beginning changed.
  terminal.type("\x1b[A");
  await terminal.shows("a-very-long-name", at);
  terminal.type("\x01\x1b[3~\x1b[3~\x1b[3~wc -c");
  await terminal.shows(/wc -c/, at);
  at = terminal.seen.length;
  terminal.type("\r");
  await terminal.shows(/8 \S+a-very-long-name/, at);
  // Found in the history, and still judged.
  terminal.type("ls /nowhere # rm\r");
  await terminal.shows(/cannot access[^\n]*\n\S*[$#] $/);
  at = terminal.seen.length;
  terminal.type("\x12nowhere");
  await terminal.shows(/reverse-i-search/, at);
  terminal.type("\r");
  await terminal.shows("cannot access", at);
  expect(lines(lane).map(({ text }) => text)).toEqual([
    `cat ${folder}/a-very-long-name`,
    `wc -c ${folder}/a-very-long-name`,
    "ls /nowhere # rm",
    "ls /nowhere # rm",
  ]);
});

test("what is pasted is judged line by line, and what is typed ahead waits its turn", async () => {
  const lane = await lanes();
  const terminal = await shell(lane);
  const file = join(folder, "pasted");
  writeFileSync(file, "x");
  terminal.type(`\x1b[200~echo one\nrm ${file}\necho three\n\x1b[201~`);
  await terminal.shows(/\nthree\n/);
  expect(existsSync(file)).toBe(true);
  expect(lines(lane).map(({ text }) => text)).toEqual(["echo one", `rm ${file}`, "echo three"]);
});

test("a held line waits, is told, and runs when it is approved; Ctrl-C takes it back", async () => {
  const withdrawn: number[] = [];
  let release: (word: string) => void = () => {};
  const lane = await lanes({
    waits: { for: "hold", text: "held by rule rm", link: "https://hoop/r/9", id: "9" },
    decide: (ask) => (commandsOf(ask).includes("rm") ? new Promise<string>((resolve) => (release = resolve)) : "allow"),
    withdrawn: (id) => void withdrawn.push(id),
  });
  const terminal = await shell(lane);
  const file = join(folder, "held");
  writeFileSync(file, "x");
  terminal.type(`rm ${file}\r`);
  await expect.poll(() => lines(lane).length).toBe(1);
  await terminal.shows(/held by rule rm: https:\/\/hoop\/r\/9\n[\s\S]*held by rule rm/);
  expect(existsSync(file)).toBe(true);
  release("allow");
  await expect.poll(() => existsSync(file)).toBe(false);
  writeFileSync(file, "x");
  let at = terminal.seen.length;
  terminal.type(`rm ${file}\r`);
  await expect.poll(() => lines(lane).length).toBe(2);
  terminal.type("\x03");
  await terminal.shows("withdrawn by you", at);
  at = terminal.seen.length;
  terminal.type("echo still here\r");
  await terminal.shows("\nstill here", at);
  expect([withdrawn.length, existsSync(file)]).toEqual([1, true]);
});

test("a password at a prompt without echo is neither judged nor written down", async () => {
  const lane = await lanes();
  const terminal = await shell(lane);
  terminal.type("read -s -p 'Password: ' x\r");
  await terminal.shows(/Password: $/);
  terminal.type("hunter2\r");
  // The next prompt stands behind the question.
  await terminal.shows(/Password: [^\n]*[#$] $/);
  terminal.type("echo got\r");
  await terminal.shows("\ngot");
  const written = JSON.stringify([lane.asks, lane.notes]);
  expect(written).not.toContain("hunter2");
  expect(lines(lane).map(({ text }) => text)).toEqual(["read -s -p 'Password: ' x", "echo got"]);
});

test("ways around: keys that run by themselves, lines that hide, another screen, history expansion, a line put in before", async () => {
  const lane = await lanes();
  const terminal = await shell(lane);
  const file = join(folder, "around");
  writeFileSync(file, "x");
  const tried = async (keys: string) => {
    const at = terminal.seen.length;
    terminal.type(keys);
    await new Promise((resolve) => setTimeout(resolve, 900));
    // Whatever it left in the line is taken away.
    terminal.type("\x03");
    await terminal.shows(/[#$] $/, at);
    expect(existsSync(file), JSON.stringify(keys)).toBe(true);
  };
  await tried(`rm ${file}\x0f`);
  await tried(`rm ${file}\x18\x05`);
  await tried(`rm ${file}\x04`);
  await tried(`rm ${file}\x1b\r`);
  await tried(`rm ${file}\x16\x0a\r`);
  await tried(`echo rm ${file}\r`);
  await tried("!rm\r");
  await tried("^echo ^^\r");
  await tried("fc -s rm\r");
  await tried(`printf '\\033[?1049h'\r`);
  await tried(`rm ${file}\r`);
  await tried(`printf '\\033[?1049l'\r`);
  await tried("stty -echo\r");
  await tried(`stty -echo; rm ${file}\r`);
  await tried(`bind '"x": "rm ${file}\\n"'\rx`);
  await tried(`PS1='password: '\r`);
  await tried(`alias ls='rm ${file}'\rls\r`);
  await tried(`x=rm\r$x ${file}\r`);
  await tried(`r\\\rm ${file}\r`);
  await tried(`r''m ${file}\r`);
  await tried(`echo 'rm ${file}' | sh\r`);
  await tried(`rm ${file}\r\x03xrm ${file}\r`);
  await tried(`\x03xrm ${file}\r\x03xrm ${file}\r\x03xrm ${file}\r`);
  await tried(`xx\x1b[D\x1b[Drm ${file};\r`);
});

test("paths are judged wherever a cd may have led", async () => {
  const lane = await lanes({
    needs: ["attribute:paths"],
    decide: (ask) =>
      ((ask.analysis?.attributes["paths"] ?? []) as string[]).includes("/etc/hostname") || ask.analysis?.unknowns.length
        ? "not that file"
        : "allow",
  });
  const terminal = await shell(lane);
  terminal.type("cd /etc\r");
  await terminal.shows(/etc[#$] $/);
  terminal.type("cat hostname\r");
  await terminal.shows("hoop: not that file");
  const at = terminal.seen.length;
  terminal.type("cd /nowhere; cd ..\r");
  await terminal.shows(/[#$] $/, at);
  terminal.type("cat etc/hostname\r");
  await terminal.shows("hoop: not that file", at);
});

test("an editor that was allowed has its keys; the prompt behind it is judged again", async () => {
  const lane = await lanes({
    decide: (ask) => (commandsOf(ask).includes("rm") ? "no rm" : "allow"),
  });
  const terminal = await shell(lane);
  const file = join(folder, "edited");
  const editor = existsSync("/usr/bin/vim.tiny") || existsSync("/usr/bin/vi") ? "vi" : null;
  if (editor !== null) {
    terminal.type(`${editor} ${file}\r`);
    await expect.poll(() => terminal.seen).toContain("\x1b[?1049h");
    terminal.type("irm is a word here\rand another line\x1b:wq\r");
    await expect.poll(() => existsSync(file) && readFileSync(file, "utf8")).toContain("another line");
    // It asks the terminal before it leaves; this one does not answer, so any key does.
    terminal.type("\x1b[0;0R");
    await expect.poll(() => terminal.seen).toMatch(/\x1b\[\?1049l[\s\S]*[#$] $/);
  }
  const at = terminal.seen.length;
  terminal.type(`rm ${file}\r`);
  await terminal.shows("hoop: no rm", at);
});

test("a shell without a terminal is judged line by line, to the last one without an end", async () => {
  const lane = await lanes();
  const file = join(folder, "script");
  writeFileSync(file, "x");
  const child = spawn("ssh", [
    ...["-F", "none", "-o", `UserKnownHostsFile=${folder}/known_hosts`, "-o", "HostKeyAlias=site.hoop"],
    ...["-o", "BatchMode=yes", "-o", "IdentityFile=none", "-o", "IdentityAgent=none", "-p", String(lane.port)],
    ...["-T", "127.0.0.1"],
  ]);
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  child.stdin.end(`echo one\nrm ${file}\necho two\nrm ${file}`);
  await once(child, "close");
  expect([out.endsWith("one\ntwo\n"), existsSync(file)]).toEqual([true, true]);
  expect(err.match(/no rm/g)?.length).toBe(2);
});

test("without rules that look at commands a shell is as it was, and no line is a statement", async () => {
  const lane = await lanes({ needs: [] });
  const terminal = await shell(lane);
  terminal.type("echo plain; echo x\x16\x07y\r");
  await terminal.shows("\nplain");
  expect(lines(lane)).toEqual([]);
});
