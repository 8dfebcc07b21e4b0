import type { CatalogueFunction } from "../../vocabulary/index.js";
import type { ColumnUse } from "../analyser.js";
import { addAll, type Collector } from "./column.js";
import { readExpression } from "./expression.js";
import { followFunction } from "./follow.js";
import { isSystemOperator } from "./operators.js";
import type { Reading } from "./reading.js";
import { isSystemSchema } from "./relation-name.js";
import type { Scope } from "./scope.js";
import { readSetConfig } from "./setting.js";
import { functionRule, isHarmlessVolatile, isSyntaxFunction } from "./system-functions.js";
import { list, names, type Tree } from "./tree.js";

/** `f(a, b)`, with what belongs to aggregates and windows. */
export function readCall(reading: Reading, body: Tree, scope: Scope, use: ColumnUse, out: Collector): void {
  const name = names(body.funcname);
  readExpression(reading, body.args, scope, use, out);
  for (const deciding of [body.agg_order, body.agg_filter, body.over])
    readExpression(reading, deciding, scope, use === "sink" ? "sink" : "predicate", out);
  if (isSetConfig(reading, name)) {
    readSetConfig(reading, list(body.args));
    readExpression(reading, body.args, scope, "sink", reading.findings);
    reading.findings.resource("function", "pg_catalog.set_config", "execute");
    return;
  }
  callFunction(reading, name, {
    use,
    out,
    // Inside of a sink they have been read as flowing there: a second time at every level would never end.
    argument: () => use !== "sink" && readExpression(reading, body.args, scope, "sink", out),
  });
}

function isSetConfig(reading: Reading, name: readonly string[]): boolean {
  if (name.at(-1) !== "set_config") return false;
  return name.length > 1 ? name[0] === "pg_catalog" : candidates(reading, "", "set_config").length === 0;
}

interface Call {
  readonly use: ColumnUse;
  readonly out: Collector;
  /** Says that the arguments flow elsewhere. */
  argument(): unknown;
}

/** What calling a function of that name does: every function that the name could mean counts. */
export function callFunction(reading: Reading, name: readonly string[], call: Call): void {
  const { findings, index } = reading;
  const bare = name.at(-1) ?? "?";
  const schema = name.length > 1 ? (name.at(-2) ?? "") : "";
  const users = isSystemSchema(schema) ? [] : candidates(reading, schema, bare);
  const system = schema === "" || schema === "pg_catalog" ? index.systemVolatility(bare) : null;
  const rule = functionRule(bare);

  if (rule !== null && (users.length === 0 || system !== null || users.some((fn) => fn.body === null))) {
    findings.resource("function", `${users[0]?.schema ?? "pg_catalog"}.${bare}`, "execute");
    applyRule(reading, rule, call);
    if (bare === "currval" || bare === "nextval" || bare === "setval")
      findings.resource("function", `pg_catalog.${bare}`, "execute");
  } else if (
    system !== null ||
    schema === "information_schema" ||
    (schema !== "" && isSystemSchema(schema) && isSyntaxFunction(bare))
  ) {
    findings.resource("function", `${schema === "information_schema" ? schema : "pg_catalog"}.${bare}`, "execute");
    if (system === "volatile" && !isHarmlessVolatile(bare)) {
      findings.unknown(`what the function ${bare} does is not known`);
      findings.opaque = true;
      call.argument();
    }
  } else if (isSyntaxFunction(bare) && users.length === 0) {
    findings.resource("function", `pg_catalog.${bare}`, "execute");
  } else if (users.length === 0) {
    findings.resource("function", `${schema === "" ? "?" : schema}.${bare}`, "execute");
    findings.unknown(`the function ${[...name].join(".")} is not in the catalogue`);
    findings.opaque = true;
    call.argument();
    return;
  }
  for (const fn of users) callUserFunction(reading, fn, call);
}

function applyRule(reading: Reading, rule: NonNullable<ReturnType<typeof functionRule>>, call: Call): void {
  const { findings } = reading;
  findings.effect(...rule.effects);
  if (rule.effects.includes("unknown")) findings.unknown("a function runs text that cannot be read");
  if (rule.escape !== undefined) findings.escapes.add(rule.escape);
  if (rule.opaque === true) findings.opaque = true;
  if (rule.literals === true) findings.literalsMatter = true;
  if (rule.sink === true) call.argument();
}

function candidates(reading: Reading, schema: string, name: string): CatalogueFunction[] {
  const all = reading.index.functionsNamed(name);
  if (schema !== "")
    return all.filter(
      (fn) => fn.schema === schema || (schema.startsWith("pg_temp") && fn.schema.startsWith("pg_temp")),
    );
  return all.filter((fn) => reading.path.includes(fn.schema));
}

export function callUserFunction(reading: Reading, fn: CatalogueFunction, call: Call): void {
  const { findings } = reading;
  findings.resource("function", `${fn.schema}.${fn.name}`, "execute");
  if (fn.body === null || (fn.language !== "sql" && fn.language !== "plpgsql")) {
    callUnreadable(reading, fn, call);
    return;
  }
  const followed = followFunction(reading, fn);
  if (followed === null) {
    findings.unknown(`the body of ${fn.schema}.${fn.name} cannot be read`);
    findings.opaque = true;
    call.argument();
    return;
  }
  findings.merge(followed.findings);
  addAll(call.out, followed.values, call.use);
  if (!followed.contained) call.argument();
}

/** Compiled code: only a superuser can have added it. Its volatility is its author's word for what it touches. */
function callUnreadable(reading: Reading, fn: CatalogueFunction, call: Call): void {
  const { findings } = reading;
  if (fn.kind === "aggregate") {
    callAggregate(reading, fn, call);
    return;
  }
  const compiled = fn.language === "c" || fn.language === "internal";
  if (compiled && (fn.volatility === "immutable" || isHarmlessVolatile(fn.name) || functionRule(fn.name) !== null))
    return;
  findings.opaque = true;
  if (compiled && fn.volatility === "stable") return;
  findings.unknown(`the body of ${fn.schema}.${fn.name} cannot be read`);
  call.argument();
}

/** An aggregate is made of functions; those of the system are harmless, and not in the catalogue. */
function callAggregate(reading: Reading, fn: CatalogueFunction, call: Call): void {
  if (fn.calls === undefined) {
    reading.findings.unknown(`what the aggregate ${fn.schema}.${fn.name} calls is not known`);
    reading.findings.opaque = true;
    call.argument();
    return;
  }
  for (const id of fn.calls) {
    const part = reading.index.function(id);
    if (part !== null && part.kind !== "aggregate") callUserFunction(reading, part, call);
  }
}

/** Operators are functions: one of the system's is harmless, any other is called. */
export function readOperator(
  reading: Reading,
  name: readonly string[],
  scope: Scope,
  use: ColumnUse,
  out: Collector,
): void {
  const bare = name.at(-1) ?? "?";
  const schema = name.length > 1 ? name[0] : "";
  if (schema === "pg_catalog" && isSystemOperator(bare)) return;
  const ids = reading.index.operatorFunctions(bare);
  if (ids === null) {
    if (schema === "" && isSystemOperator(bare)) return;
    reading.findings.unknown(`what the operator ${bare} calls is not known`);
    reading.findings.opaque = true;
    return;
  }
  if (ids.length === 0 && !isSystemOperator(bare)) {
    reading.findings.unknown(`the operator ${bare} is not in the catalogue`);
    reading.findings.opaque = true;
  }
  for (const id of ids) {
    const fn = reading.index.function(id);
    const all = () => {
      for (const item of scope.items)
        addAll(
          out,
          item.columns.flatMap((column) => column.origins),
          "sink",
        );
    };
    if (fn !== null) callUserFunction(reading, fn, { use, out, argument: all });
  }
}
