import type { ServerChannel } from "ssh2";
import { type Place, runLine } from "./commands.js";
import { Files } from "./files.js";

/** A prompt with as much of line editing as hands expect: rubout, Ctrl-C, Ctrl-D, Ctrl-U, and the last lines by the arrows. */
export function serveTerminal(stream: ServerChannel, files: Files, done: (code: number) => void): void {
  const at: Place = { folder: Files.home };
  const history: string[] = [];
  let line = "";
  let back = 0;
  let code = 0;
  const say = (text: string) => stream.write(text.replaceAll("\n", "\r\n"));
  const prompt = () => say(`deploy@site-demo:${at.folder.replace(Files.home, "~")}$ `);
  const replace = (text: string) => {
    say(`${"\b \b".repeat([...line].length)}${text}`);
    line = text;
  };
  say(files.read("/etc/motd")?.toString() ?? "");
  prompt();
  const enter = (): boolean => {
    say("\n");
    const ran = runLine(line, files, at);
    say(ran.out + ran.err);
    code = ran.code;
    if (line.trim() !== "") history.push(line);
    if (history.length > 100) history.shift();
    line = "";
    back = 0;
    if (ran.leaves) return false;
    prompt();
    return true;
  };
  stream.on("data", (chunk: Buffer) => {
    for (const [key] of chunk.toString("utf8").matchAll(/\x1b\[[0-9;?]*[A-Za-z~]|[\s\S]/gu)) {
      if (key === "\r" || key === "\n") {
        if (!enter()) return done(code);
      } else if (key === "\x7f" || key === "\b") replace([...line].slice(0, -1).join(""));
      else if (key === "\x15") replace("");
      else if (key === "\x03") {
        line = "";
        say("^C\n");
        prompt();
      } else if (key === "\x04" && line === "") return done(code);
      else if (key === "\x1b[A" || key === "\x1b[B") {
        back = Math.min(Math.max(back + (key === "\x1b[A" ? 1 : -1), 0), history.length);
        replace(back === 0 ? "" : history[history.length - back]!);
      } else if (key >= " " && line.length < 4_096) {
        line += key;
        say(key);
      }
    }
  });
}
