import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asksForLines } from "./asks-for-lines.js";
import { Echo } from "./echo.js";
import { Keys } from "./keys.js";
import { expandsHistory, Folders, lineAnalysis } from "./line-analysis.js";
import { LineControl } from "./line-control.js";
import { ScriptControl } from "./script-control.js";
import { shownLine } from "./shown-line.js";

const target = { home: null, shell: "posix" } as const;
const read = (line: string | null, folders?: readonly (string | null)[]) => lineAnalysis(line, {}, target, folders);

describe("what cannot be followed is unknown", () => {
  it.each([
    "!rm",
    "!!",
    "echo x; !-2",
    "^ls^rm^",
    "r\\",
    "echo 'open",
    "cat <<E",
    'bind \'"x": "rm y\\n"\'',
    "bindkey -s x 'rm y^M'",
    "setopt no_zle",
    "stty -echo",
    "stty kill undef",
    "PS1='Password: '",
    "PROMPT_COMMAND='rm x'",
    "alias ls='rm x'",
    "fc -s rm",
    "$x y",
    "trap 'rm x' DEBUG",
    "set -o vi",
    "print -z rm x",
  ])("%j", (line) => expect(read(line).effects).toContain("unknown"));

  it("nor a line that was not read", () => expect(read(null).effects).toEqual(["unknown"]));

  it.each(["echo 'a!b'", "[ 1 != 2 ]", "echo a\\!b", "! true", "echo hi!", "ls \\\\"])("%j is plain", (line) => {
    expect(expandsHistory(line) || read(line).effects.includes("unknown")).toBe(false);
  });
});

it("relative paths are told for every folder that the shell may stand in", () => {
  const folders = new Folders(null);
  folders.ran("cd /etc");
  expect(read("cat shadow", folders.all).attributes.paths).toEqual(["~/shadow", "/etc/shadow"]);
  folders.ran("cd ssh && ls");
  folders.ran("cd -");
  expect(read("cat x", folders.all).attributes.paths).toEqual(["~/x", "/etc/x", "~/ssh/x", "/etc/ssh/x"]);
  folders.ran('cd "$X"');
  expect(read("cat x", folders.all).effects).toContain("unknown");
  expect(read("cat /srv/x", folders.all).attributes.paths).toEqual(["/srv/x"]);
});

it("keys are the same however they are cut, and text holds nothing that a terminal obeys", () => {
  const all = (parts: readonly string[]) => {
    const keys = new Keys();
    return parts.flatMap((part) => [...keys.push(part)]);
  };
  const typed = fc.array(
    fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 5 }),
      fc.constantFrom(
        "\r",
        "\x03",
        "\x15",
        "\x7f",
        "\x1b[A",
        "\x1b[1;5C",
        "\x1bb",
        "\x1bOP",
        "\x0f",
        "\x18\x05",
        "\x1b[200~x\n\x1b[201~",
        "\x1b]11;rgb:0\x07",
      ),
    ),
  );
  fc.assert(
    fc.property(typed, fc.nat(), (words, at) => {
      const text = words.join("");
      const cut = text.length === 0 ? 0 : at % text.length;
      // Never between the halves of a character: they come decoded.
      fc.pre(!/[\ud800-\udbff]$/.test(text.slice(0, cut)));
      expect(all([text.slice(0, cut), text.slice(cut)])).toEqual(all([text]));
      for (const key of all([text])) if (key.kind === "text") expect(key.text).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
    }),
  );
});

it("the line is read as it is seen: edited, wrapped, behind its prompt; another prompt says nothing", async () => {
  const screen = { columns: 20, rows: 5 };
  expect(await shownLine("me@x:~$ ", "lx\b \bs -l", screen)).toBe("ls -l");
  expect(await shownLine("\x1b[32m$\x1b[0m ", "echo 0123456789012345678901234", screen)).toBe(
    "echo 0123456789012345678901234",
  );
  expect(await shownLine("$ ", "cd /s\x1b[3D\x1b[P\x1b[P\x1b[Pls\r\n", screen)).toBe(null);
  expect(await shownLine("$ ", "\r(search)`x': ls", screen)).toBe(null);
});

it("takes what stood to the right of the cursor before the first key for the prompt's, and nothing else", async () => {
  const screen = { columns: 40, rows: 10 };
  const prompt = "$ \x1b[s\x1b[34G12:00\x1b[u";
  expect(await shownLine(prompt, "ls -l", screen)).toBe("ls -l");
  expect(await shownLine(prompt, "ls 12:00", screen)).toBe("ls 12:00");
  expect(await shownLine(prompt, "", screen)).toBe("");
  // The clock went on: better a line that is nonsense than one that is not all there.
  expect(await shownLine(prompt, "ls\x1b[s\x1b[34G12:01\x1b[u", screen)).toMatch(/^ls +12:01$/);
  expect(await shownLine("$ ", "ls\x1b[s\x1b[34G; rm x\x1b[u", screen)).toMatch(/^ls +; rm x$/);
});

it("tells a question for a secret from a prompt, and what is shown from what is not", () => {
  const asks = (text: string) => {
    const echo = new Echo();
    echo.output(text);
    return echo.asksForSecret;
  };
  expect(
    ["[sudo] password for ada: ", "ada@db's password: ", "Enter passphrase for key '/x': ", "Passwort: "].map(asks),
  ).toEqual([true, true, true, true]);
  expect(["ada@x:~$ ", "Password: \r\nada@x:~$ ", "/tmp/password# ", "Continue? "].map(asks)).toEqual([
    false,
    false,
    false,
    false,
  ]);
  const echo = new Echo();
  echo.output("$ ");
  echo.begin();
  expect(echo.shows("x")).toBe(false);
  echo.output("\x1b[1mh\x1b[0mi");
  expect([echo.shows("hi"), echo.shows("hix")]).toEqual([true, false]);
});

it("a line is what was typed, though its echo took long to come; at a question for a secret what stays unseen is not judged", async () => {
  const judged: (string | null)[] = [];
  const sent: string[] = [];
  const control = new LineControl({
    active: () => true,
    judge: (line, answer) => {
      judged.push(line);
      answer({ denied: null, free: false });
      return () => {};
    },
    toTarget: (text) => void sent.push(text),
    toClient: () => {},
    idle: () => {},
    screen: () => ({ columns: 80, rows: 24 }),
  });
  control.fromTarget(Buffer.from("$ "));
  control.fromClient(Buffer.from("ls\r"));
  await sleep(500);
  expect(judged).toEqual([]);
  control.fromTarget(Buffer.from("ls"));
  await expect.poll(() => judged).toEqual(["ls"]);
  control.fromTarget(Buffer.from("\r\nPassword: "));
  control.fromClient(Buffer.from("hunter2\r"));
  await expect.poll(() => sent.at(-1)).toBe("\r");
  expect(judged).toEqual(["ls"]);
  expect(sent.join("")).toBe("ls\x05\x15ls\rhunter2\r");
});

it("lines of a script leave one by one, after their word and in their order", () => {
  const sent: string[] = [];
  const said: string[] = [];
  const waiting: ((word: { denied: string } | { denied: null; free: boolean }) => void)[] = [];
  let idle = 0;
  const script = new ScriptControl({
    active: () => true,
    judge: (_line, answer) => {
      waiting.push(answer);
      return () => {};
    },
    toTarget: (bytes) => void sent.push(bytes.toString()),
    toClient: (text) => void said.push(text),
    idle: () => void idle++,
  });
  script.fromClient(Buffer.from("one\n\ntw"));
  script.fromClient(Buffer.from("o\nthree"));
  expect([sent, waiting.length, script.ended()]).toEqual([[], 1, false]);
  waiting.shift()!({ denied: null, free: false });
  waiting.shift()!({ denied: "no" });
  waiting.shift()!({ denied: null, free: false });
  expect([sent, said, idle, script.isIdle]).toEqual([["one\n", "\n", "three"], ["hoop: no\r\n"], 1, true]);
});

it("rules that look at commands ask for lines; others do not", () => {
  expect(asksForLines(new Set(["attribute:commands"]))).toBe(true);
  expect(asksForLines(new Set(["attribute:kind", "attribute:user", "hold"]))).toBe(false);
  expect(asksForLines(undefined)).toBe(false);
});
