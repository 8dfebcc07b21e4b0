import fc from "fast-check";
import { expect, it } from "vitest";
import { ScreenFilter } from "./screen-filter.js";

const filtered = (text: string) => new ScreenFilter().push(text);

it("draws", () => {
  for (const text of [
    "plain\r\n",
    "\x1b[1;31mred\x1b[0m",
    "\x1b[2J\x1b[10;20H",
    "\x1b[?1049h\x1b[?25l",
    "\x1b(B",
    "a\bb\tc",
  ])
    expect(filtered(text)).toBe(text);
});

it("does not let a recording ask, name or reach anything", () => {
  const hostile = [
    "\x1b]52;c;cm0gLXJmCg==\x07",
    "\x1b]0;title\x1b\\",
    "\x1b[6n",
    "\x1b[c",
    "\x1b[>c",
    "\x1b[21t",
    "\x1bP$q\x1b\\",
    "\x1bZ",
    "\x05",

    "\x1b[?1000h",
    "\x1b[?2004h",
    "\x1b_x\x1b\\",
    "\x1bc",
    "\x1b[5i",
  ];
  // The sequence's beginning in one character is dropped; what is left is text.
  expect(filtered("a\x9b6nb")).toBe("a6nb");
  for (const text of hostile) expect(filtered(`a${text}b`), JSON.stringify(text)).toBe("ab");
});

it("gives the same however the text is cut", () => {
  const pieces = fc.array(
    fc.constantFrom("a", "\x1b", "[", "]", "31m", "6n", "?", "25l", ";", "\x07", "\\", "P", "(", "B", "\x9b"),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(pieces, (list) => {
      const filter = new ScreenFilter();
      const cut = [...list.join("")].map((character) => filter.push(character)).join("");
      expect(cut).toBe(filtered(list.join("")));
    }),
  );
});
