import fc from "fast-check";
import { loadModule, scanSync } from "libpg-query";
import { expect, test } from "vitest";
import { scanTokens } from "./lexer.js";

await loadModule();

function tokens(text: string): string[] | null {
  const found: string[] = [];
  return scanTokens(text, (kind, start, end) => found.push(`${kind} ${text.slice(start, end)}`)) ? found : null;
}

const kinds: readonly [text: string, tokens: string[]][] = [
  ["select a1$", ["word select", "word a1$"]],
  ['"B""c" U&"d"', ['name "B""c"', 'name U&"d"']],
  ["'it''s'", ["string 'it''s'"]],
  ["'a\\' b", ["string 'a\\'", "word b"]],
  ["E'a\\' b'", ["string E'a\\' b'"]],
  ["e'\\\\' b", ["string e'\\\\'", "word b"]],
  ["U&'x' uescape '!'", ["string U&'x'", "word uescape", "string '!'"]],
  ["'a'\n 'b' 'c'", ["string 'a'\n 'b'", "string 'c'"]],
  ["E'a'\n'b\\'' c", ["string E'a'\n'b\\''", "word c"]],
  ["'a' -- x\n'b'", ["string 'a'", "comment -- x", "string 'b'"]],
  ["$$a$b$$ $t$ $$ $t$", ["string $$a$b$$", "string $t$ $$ $t$"]],
  ["$1 a$b$c", ["parameter $1", "word a$b$c"]],
  [
    "1.5e-3 .5 0x1F 1_000 1..2",
    ["number 1.5e-3", "number .5", "number 0x1F", "number 1_000", "number 1", "mark ..", "number 2"],
  ],
  ["a--b\nc", ["word a", "comment --b", "word c"]],
  ["a /* b /* c */ */ d", ["word a", "comment /* b /* c */ */", "word d"]],
  ["a<>/*x*/-1", ["word a", "operator <>", "comment /*x*/", "operator -", "number 1"]],
  ["a@--x", ["word a", "operator @", "comment --x"]],
  ["ѕelect", ["word ѕelect"]],
  // Tried with PostgreSQL 15 itself: `SELECT '' ⏎ --⏎'x'` answers x.
  ["''  \n --\n'x'", ["string ''  \n --\n'x'"]],
];

test.each(kinds)("%s", (text, expected) => {
  expect(tokens(text)).toEqual(expected);
});

test("a text that ends inside of a token is not complete", () => {
  for (const text of ["'a", "E'a\\'", '"a', "$$ a", "$a$ $b$", "/* a", "/* /* */", "U&'a"])
    expect(tokens(text), text).toBeNull();
});

const fragment = fc.oneof(
  fc.constantFrom(
    ..."' '' \" \"\" $ $$ $a$ $b$ $1 -- /* */ \\ \n e' E' b' x' n' U&' u&\" U & ' , ( ) ; . .. :: := a b1 _c select 1 1.5 .5 1e5 0x1f + - * / < > = @ | ~ ! ? [ ]".split(
      " ",
    ),
  ),
  fc.constantFrom(" ", "\n", "\t", "  \n "),
  fc.stringMatching(/^[a-z0-9'"$\\ ]{0,6}$/),
);

test("literals and comments end where PostgreSQL's scanner ends them", () => {
  let compared = 0;
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 24 }), (parts) => {
      const text = parts.join("");
      const theirs = scanned(text);
      if (theirs === null) return;
      compared += 1;
      const ours: string[] = [];
      const complete = scanTokens(text, (kind, start, end) => {
        // To the server the N of N'…' is a word of its own.
        const from = kind === "string" && /^n'/i.test(text.slice(start, start + 2)) ? start + 1 : start;
        if (kind === "string" || kind === "number" || kind === "comment") ours.push(text.slice(from, end));
      });
      expect(complete).toBe(true);
      // The server goes on with a string behind a comment, too (see above); its scanner in libpg_query does not, and its parser refuses it.
      if (ours.some((token) => /'\s*\n\s*--/.test(token))) return;
      expect(ours).toEqual(theirs);
    }),
    { numRuns: 20_000 },
  );
  expect(compared).toBeGreaterThan(1_000);
});

function scanned(text: string): string[] | null {
  try {
    return scanSync(text)
      .tokens.map((token) => text.slice(token.start, token.end))
      .filter((token) => /^(['$0-9]|\.[0-9]|--|\/\*|[ebx]'|u&')/i.test(token) && !/^\$([0-9]+)?$/.test(token));
  } catch {
    return null;
  }
}
