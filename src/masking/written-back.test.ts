import { describe, expect, it } from "vitest";
import type { Mask } from "../vocabulary/index.js";
import { maskText } from "./cell.js";
import { looksMasked, writtenBack } from "./written-back.js";

const key = Buffer.alloc(32, 7);
const email: Mask = { method: "partial", as: "email" };

describe("a masked value that is written back", () => {
  it.each<[Mask, string]>([
    [{ method: "redact" }, "anything"],
    [email, "jane@example.com"],
    [email, "no address"],
    [{ method: "partial", as: "card" }, "4111 1111 1111 1111"],
    [{ method: "partial", as: "phone" }, "+49 30 1234567"],
    [{ method: "partial", as: "text" }, "confidential"],
    [{ method: "partial" }, "short"],
    [{ method: "hash" }, "anything"],
    [{ method: "fixed", value: "hidden" }, "anything"],
  ])("is known by what %j shows of %s", (mask, value) => {
    expect(looksMasked(maskText(mask, value, key)!, mask)).toBe(true);
    expect(looksMasked(value, mask)).toBe(false);
  });

  it.each([
    ["update customers set email = 'j***@e***.com' where id = 1", null, true],
    ["update customers set email = $1", [Buffer.from("j***@e***.com")], true],
    ["update customers set email = $1", [null, Buffer.from("jane@example.com")], false],
    ["insert into customers values (1, '***')", null, true],
    ["update customers set email = 'o''neill@example.com'", null, false],
    ["update customers set note = 'a b*** c'", null, false],
  ] as const)("%s", (text, values, found) => {
    expect(writtenBack(text, values, [email]) !== null).toBe(found);
  });
});
