import { describe, expect, it } from "vitest";
import { condenseLiterals } from "./condense.js";

const long = "x".repeat(2 * 1024 * 1024);

describe("condensing a text", () => {
  it("leaves what is short as it is", () => {
    expect(condenseLiterals("select 'a''b'")).toBe("select 'a''b'");
  });

  it("takes the data out of a statement that is nearly all data", () => {
    const text = condenseLiterals(`insert into t values (1, '${long}''s', 'short', '${long}') returning id`);
    expect(text!.length).toBeLessThan(200);
    expect(text).toMatch(/^insert into t values \(1, '[^']*', 'short', '[^']*'\) returning id$/);
  });

  it("leaves literals that may be code or have escapes", () => {
    for (const text of [`do $$${long}$$`, `select e'${long}'`, `select u&'${long}'`, `select "${long}"`])
      expect(condenseLiterals(text)).toBe(text);
  });

  it("says so when it cannot tell where a literal ends", () => {
    expect(condenseLiterals(`select '${long}`)).toBeNull();
  });
});
