import { describe, expect, it } from "vitest";
import { detectorNames, ruleId, type ScanRule } from "../../vocabulary/index.js";
import { passed } from "../cell-masker.js";
import { Effort, TooMuchEffort } from "./effort.js";
import { type CellForm, ValueScanner } from "./scanner.js";
import { Tally } from "./tally.js";

const rule: ScanRule = {
  ...{ rule: ruleId("values"), detect: [...detectorNames], patterns: [], keys: false, bytes: false },
  mask: { method: "redact" },
};
const scanner = new ValueScanner([rule], Buffer.alloc(32, 1));
const hostile = "4111 1111 +49 30 1234 ".repeat(20_000);

function look(tally: Tally, text: string, form: CellForm = "text"): string | null {
  const bytes = Buffer.from(text);
  const shown = scanner.masker(form, tally)(bytes, 0, bytes.length);
  return shown === passed ? text : shown === null ? null : shown.toString();
}

describe("what looking for values may cost", () => {
  it("is counted, and more for a dear detector", () => {
    const [mails, cards] = [new Tally(), new Tally()];
    look(mails, "a@b.example ".repeat(100));
    look(cards, "4111 1111 1111".repeat(100));
    expect(mails.effort.spent).toBeGreaterThan(0);
    expect(cards.effort.spent).toBeGreaterThan(mails.effort.spent);
    const plain = new Tally();
    look(plain, "nothing that anybody looks for, ".repeat(100));
    expect(plain.effort.spent).toBe(0);
  });

  it("is bounded: what is left is masked whole, in its form, and counted", () => {
    for (const [form, text, whole] of [
      ["text", hostile, "***"],
      ["json", JSON.stringify([hostile, 1]), '"***"'],
      ["xml", `<a>${hostile}</a>`, "***"],
      ["elements", `{"${hostile}"}`, null],
    ] as const) {
      const tally = new Tally();
      tally.effort.allow(1_000_000);
      expect(look(tally, text, form)).toBe(whole);
      expect(look(tally, "write to a@example.org", "text")).toBe("***");
      expect(look(tally, "plain words", "text")).toBe("plain words");
      expect(tally.take()).toEqual({ "too-costly": 2 });
      tally.effort.allow(1_000_000);
      expect(look(tally, "write to a@example.org", "text")).toBe("write to ***");
    }
  });

  it("never goes far beyond what is allowed", () => {
    const tally = new Tally();
    tally.effort.allow(1_000_000);
    look(tally, hostile.repeat(8));
    // One piece of a text, by the dearest detector.
    expect(tally.effort.spent).toBeLessThan(1_000_000 + 4 * 1_200_000);
  });

  it("has no bound where nobody sets one", () => {
    const tally = new Tally();
    expect(look(tally, `${hostile} a@example.org`)).toContain("4111 1111");
    expect(() => new Effort().spend(Number.MAX_SAFE_INTEGER)).not.toThrow();
    const effort = new Effort();
    effort.allow(1);
    expect(() => effort.spend(2)).toThrow(TooMuchEffort);
  });
});
