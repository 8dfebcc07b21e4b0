import { describe, expect, it } from "vitest";
import { assertions } from "./assertions/index.js";
import { echoOptions } from "./echo-dialect.js";
import { createEchoSession, type EchoFault, echoFaults } from "./echo-session.js";
import { protocolCompliance } from "./protocol-compliance.js";
import { randomBytes, randomFrom } from "./random.js";
import { byteByByte, twoWaySplits } from "./splits.js";
import { formatTranscript, parseTranscript, quote, unquote } from "./transcript.js";

protocolCompliance("the toy protocol", (init) => createEchoSession(init), echoOptions);

describe("the suite finds what it looks for", () => {
  const finders: Readonly<Record<EchoFault, number>> = {
    "splits-lines-by-chunk": 1,
    "rewrites-case": 2,
    "forwards-before-answer": 3,
    "denies-by-silence": 4,
    "denies-out-of-order": 5,
    "times-out-a-hold": 6,
    "never-pauses": 6,
    "keeps-oversized": 7,
    "throws-type-error": 7,
    "forwards-partial-line": 7,
    "masks-the-neighbour": 8,
    "leaves-open-when-client-leaves": 9,
    "never-withdraws": 9,
    "acts-after-end": 9,
    "quotes-the-secret": 10,
  };

  it.each(echoFaults)("%s", { timeout: 60_000 }, (fault) => {
    const assertion = assertions.find(({ number }) => number === finders[fault])!;
    const check = () => assertion.check({ ...echoOptions, createSession: (init) => createEchoSession(init, fault) });
    expect(check).toThrow();
  });

  it("has an assertion for each number, once", () => {
    expect(assertions.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});

describe("transcripts", () => {
  it("keep every byte through their text form", () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    expect(unquote(quote(all))).toEqual(all);
    const events = [
      { kind: "bytes", from: "client", bytes: randomBytes(randomFrom(1), 700) },
      { kind: "ready" },
      { kind: "ask", text: 'select "a"', deny: "no\nway" },
      { kind: "bytes", from: "target", bytes: all },
      { kind: "closed", from: "client" },
    ] as const;
    const text = formatTranscript({ name: "t", about: "first\nsecond", events }, () => [3, 40]);
    expect(parseTranscript("t", text)).toEqual({ name: "t", about: "first\nsecond", events });
    expect(text.split("\n").every((line) => line.length <= 120)).toBe(true);
  });

  it.each(['server "x"', "client x", '  "x"', 'client "x', 'client "\\q"', "ask deny"])(
    "refuse %s and say the line",
    (line) => {
      expect(() => parseTranscript("t", `# about\n${line}\n`)).toThrow(SyntaxError);
    },
  );
});

describe("splits", () => {
  it("cover every place, and lose nothing", () => {
    const bytes = Buffer.from("abcd");
    expect([...twoWaySplits(bytes)].map((halves) => halves.map(String))).toEqual([
      ["a", "bcd"],
      ["ab", "cd"],
      ["abc", "d"],
    ]);
    expect(byteByByte(bytes).map(String)).toEqual(["a", "b", "c", "d"]);
  });
});
