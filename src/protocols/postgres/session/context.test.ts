import { expect, test } from "vitest";
import { transactionStatus } from "../codec/types.js";
import type { Statement } from "../statements.js";
import { SessionContext } from "./context.js";
import { Names } from "./names.js";

const statement = (name: string): Statement => ({
  name,
  text: `text of ${name}`,
  size: 1,
  types: Buffer.alloc(0),
  parameters: null,
});

/** What an ask with this text says of so many prepared statements. */
function told(text: string, count: number): ReadonlyMap<string, string> {
  const context = new SessionContext("app", "app");
  const statements = new Names<Statement>();
  for (let n = 0; n < count; n++) {
    const one = statement(`s${n}`);
    statements.propose(one.name, one, 1);
    statements.confirm(one.name, one);
  }
  context.prepared = new Map([["Q x", "made by SQL"]]);
  return context.for(text, transactionStatus.idle, statements, false).prepared!;
}

test("a text that may execute some is told of all of a few, and of those of many that it names", () => {
  expect(told("execute s7", 10).size).toBe(11);
  expect(told("select 1", 10).size).toBe(0);
  expect([...told('select 1; EXECUTE\n S7(1); execute "Q x"; execute nobody; execute/**/s8', 1_000)]).toEqual([
    ["s7", "text of s7"],
    ["Q x", "made by SQL"],
  ]);
});
