import { expect, test } from "vitest";
import { plainWords } from "./words.js";

test("nothing that a terminal or a wire would obey stays in what people wrote", () => {
  expect(plainWords(" a\u0000b\u001b[31mc\u202ed\u2066e ")).toBe("a b [31mc d e");
  expect(plainWords("half \ud800 of it")).toBe("half   of it");
  expect(plainWords("first\nsecond\tthird")).toBe("first\nsecond\tthird");
  expect(plainWords("família 👩\u200d👩\u200d👧 ok")).toBe("família 👩\u200d👩\u200d👧 ok");
});
