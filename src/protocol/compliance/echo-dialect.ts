import type { ComplianceOptions, Reply, ScriptedTarget } from "./dialect.js";
import { parseTranscript } from "./transcript.js";

/** How the toy protocol is spoken; see `echo-session.ts`. */
export const echoOptions: ComplianceOptions = {
  hello: [Buffer.from("hello\n")],
  styles: [{ name: "line", encode: (text) => Buffer.from(`do ${text}\n`) }],
  createTarget: () => echoTarget((_login) => "welcome\n"),
  replies: readReplies,
  unfinished: (bytes) => bytes.length - (bytes.lastIndexOf(10) + 1),
  own: () => false,
  oversized: { client: Buffer.from("do "), target: Buffer.from("row ") },
  leakyLogins: [
    { name: "a target that quotes the login", createTarget: () => echoTarget((login) => `fail ${login}\n`) },
  ],
  masked: {
    text: "card",
    plan: { columns: new Map([["1", { method: "redact" }]]), proven: new Set(), others: null, text: null, copy: null },
    cell: 1,
  },
  init: {},
  transcripts: [
    parseTranscript(
      "two statements",
      `# the toy protocol: two statements at once
client "hello\\n"
target "welcome\\n"
ready
client "do one\\ndo two\\n"
ask "one"
ask "two"
target "row one,1\\nrow one,2\\ndone\\n"
target "fail two is wrong\\n"
client "do three\\n"
ask "three"
target "done\\n"
client closed
`,
    ),
  ],
  denied: "drop",
  allowed: "look",
  skip: [],
};

function echoTarget(welcome: (login: string) => string): ScriptedTarget {
  const reached: string[] = [];
  let partial = Buffer.alloc(0);
  return {
    reached,
    receive(chunk) {
      const bytes = Buffer.concat([partial, chunk]);
      const end = bytes.lastIndexOf(10) + 1;
      partial = bytes.subarray(end);
      const lines = bytes.toString("utf8", 0, end).split("\n").slice(0, -1);
      const answers = lines.map((line) => {
        if (line.startsWith("login ")) return welcome(line);
        const text = line.replace(/^do /i, "");
        reached.push(text);
        return `row ${text},4111,plain\nrow more,5500,plain\ndone\n`;
      });
      return Buffer.from(answers.join(""));
    },
  };
}

function readReplies(bytes: Buffer): readonly Reply[] {
  const lines = bytes.toString("latin1").split("\n");
  if (lines.pop() !== "") throw new Error("ends within a line");
  return lines.map((line): Reply => {
    if (line.startsWith("row "))
      return {
        kind: "row",
        cells: line
          .slice(4)
          .split(",")
          .map((cell) => Buffer.from(cell, "latin1")),
      };
    if (line.startsWith("fail ")) return { kind: "error", text: line.slice(5) };
    return { kind: "other", name: line, raw: Buffer.from(line, "latin1") };
  });
}
