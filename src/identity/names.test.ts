import { expect, test } from "vitest";
import { checkPassword, nameFrom } from "./names.js";

test.each(["ada", "Ada", "ada.l@example.com", "a", "x".repeat(64), "ci+deploy", "a_b-c"])("%s is a name", (text) => {
  expect(nameFrom(text, "user")).toBe(text.toLowerCase());
});

test.each(["", ".ada", "ada.", "a b", "ada\n", "аda", "ada\u0000", "x".repeat(65), "ada:root", "../ada"])(
  "%j is no name",
  (text) => {
    expect(() => nameFrom(text, "user")).toThrow(/not a user name/);
  },
);

test.each(["short", "aaaaaaaaaaaaaaaa", "my name is ada!", "é".repeat(513)])(
  "%j is no password for ada",
  (password) => {
    expect(() => checkPassword(password, "ada")).toThrow();
  },
);

test("a sentence is a password", () => {
  expect(() => checkPassword("correct horse battery", "ada")).not.toThrow();
});
