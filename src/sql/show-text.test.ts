import { expect, test } from "vitest";
import { showText } from "./show-text.js";
import { statementShape } from "./statement-shape.js";

test("literals and comments are not shown", () => {
  expect(showText("select * from t where a = 'x' and b = 12.5 -- secret")).toBe(
    "select * from t where a = ? and b = ?",
  );
  expect(showText("select E'a\\'b', $$c$$, U&'d', x'1f', \"e\" /* f */ from t1")).toBe(
    'select ?, ?, ?, ?, "e"  from t1',
  );
  expect(showText("do $a$ begin secret; end $a$")).toBe("do ?");
  expect(showText("select 'unfinished")).toBeNull();
});

test("texts that differ in literals, case, space and comments only look alike", () => {
  expect(statementShape("SELECT a\nFROM t WHERE id IN (1, 2,3) -- x")).toBe(
    statementShape("select a from t where id in ('9')".replace("'9'", "7, 8")),
  );
  expect(statementShape('select "A" from t')).not.toBe(statementShape('select "a" from t'));
  expect(statementShape("select $1")).not.toBe(statementShape("select $2"));
  expect(statementShape(`select ${"a,".repeat(10_000)} b`).length).toBeLessThan(4_200);
});
