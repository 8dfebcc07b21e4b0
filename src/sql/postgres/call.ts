import type { CatalogueFunction } from "../../vocabulary/index.js";
import type { ColumnUse } from "../analyser.js";
import { addAll, type Collector, counting, making } from "./column.js";
import { readExpression } from "./expression.js";
import { argumentsThatTell } from "./failing.js";
import { followFunction } from "./follow.js";
import { isSystemOperator } from "./operators.js";
import type { Reading } from "./reading.js";
import { isSystemSchema } from "./relation-name.js";
import type { Scope } from "./scope.js";
import { readSetConfig } from "./setting.js";
import { functionRule, givesRows, isHarmlessVolatile, isSyntaxFunction } from "./system-functions.js";
import { bodyOf, list, names, type Tree } from "./tree.js";

/** `f(a, b)`, with what belongs to aggregates and windows. */
export function readCall(reading: Reading, body: Tree, scope: Scope, use: ColumnUse, out: Collector): void {
  const name = names(body.funcname);
  readArguments(reading, name, body, scope, use, out);
  // How many rows come says what it was given: `generate_series(1, ascii(a))` counts out a letter.
  const args = list(body.args);
  const countsOut = givesRows(name.at(-1) ?? "") && !areListed(args);
  // Of `substring(a, 1)` and `substring(a, '^c')` the literal says which it is.
  if (name.at(-1) === "substring" && bodyOf(args[1], "A_Const") !== null) reading.findings.literalsMatter = true;
  const tell = countsOut ? args : mayMeanSystem(reading, name) ? argumentsThatTell(name, args) : [];
  readDeciding(reading, tell, scope, use, out);
  const order = body.agg_within_group === true ? undefined : body.agg_order;
  for (const deciding of [order, body.agg_filter, body.over])
    readExpression(reading, deciding, scope, use === "sink" ? "sink" : "predicate", out);
  if (isSetConfig(reading, name)) {
    readSetConfig(reading, list(body.args));
    readExpression(reading, body.args, scope, "sink", reading.findings);
    reading.findings.resource("function", "pg_catalog.set_config", "execute");
    return;
  }
  callFunction(reading, name, {
    use,
    out: making(out),
    // Inside of a sink they have been read as flowing there: a second time at every level would never end.
    argument: () => use !== "sink" && readExpression(reading, body.args, scope, "sink", out),
  });
}

/** Whether there is an answer at all, or how many rows, says something of what this reads, whatever is shown of it. */
export function readDeciding(reading: Reading, node: unknown, scope: Scope, use: ColumnUse, out: Collector): void {
  if (use === "output" || use === "computed") readExpression(reading, node, scope, "predicate", out);
}

/** `array[a, b]` has as many elements as are written there. */
function areListed(args: readonly unknown[]): boolean {
  const isPlain = (node: unknown) => bodyOf(node, "ColumnRef") !== null || bodyOf(node, "A_Const") !== null;
  return args.every(
    (arg) =>
      list(bodyOf(arg, "A_ArrayExpr")?.elements).some(isPlain) &&
      list(bodyOf(arg, "A_ArrayExpr")?.elements).every(isPlain),
  );
}

/** Aggregates and window functions of the system whose result is one of the values of their first argument, or of their order. */
const choosing = new Set(["min", "max", "any_value", "first_value", "last_value", "nth_value", "lag", "lead"]);

function readArguments(
  reading: Reading,
  name: readonly string[],
  body: Tree,
  scope: Scope,
  use: ColumnUse,
  out: Collector,
): void {
  const bare = meansSystem(reading, name) ? (name.at(-1) ?? "") : "";
  // WITHIN GROUP (ORDER BY …) gives the aggregate its values.
  if (body.agg_within_group === true) {
    readExpression(reading, body.args, scope, use, making(out));
    readExpression(reading, body.agg_order, scope, use, bare === "mode" ? out : making(out));
    return;
  }
  const args = list(body.args);
  if (choosing.has(bare)) {
    readExpression(reading, args[0], scope, use, out);
    // The second counts rows, the third stands in where there is none.
    readExpression(reading, args[1], scope, use, making(out));
    readExpression(reading, args.slice(2), scope, use, bare === "lag" || bare === "lead" ? out : making(out));
  } else if (bare === "count" && args.length === 1) {
    const kind = body.agg_distinct === true ? "distinct" : "presence";
    readExpression(reading, args, scope, use, counting(out, kind));
  } else readExpression(reading, args, scope, use, making(out));
}

/** Every function of users' that a name could mean. */
export function functionsMeant(reading: Reading, name: readonly string[]): readonly CatalogueFunction[] {
  return candidates(reading, name.length > 1 ? (name.at(-2) ?? "") : "", name.at(-1) ?? "");
}

/** The name means a function of the system, or an extension's own of that name for types of its own, as `max(citext)`. */
function meansSystem(reading: Reading, name: readonly string[]): boolean {
  if (name.length > 1) return name.length === 2 && name[0] === "pg_catalog";
  return functionsMeant(reading, name).every(
    ({ kind, calls }) => kind === "aggregate" && calls?.every((id) => isCompiled(reading, id)) === true,
  );
}

/** An extension may have one of that name for types of its own beside it, as `split_part(citext, …)`. */
function mayMeanSystem(reading: Reading, name: readonly string[]): boolean {
  if (meansSystem(reading, name)) return true;
  return name.length === 1 && reading.index.systemVolatility(name[0] ?? "") !== null;
}

/** Casts that nobody wrote are the system's, or compiled ones of an extension: they keep what a value says. */
export function keepsValues(reading: Reading): boolean {
  return (reading.index.catalogue.implicitCasts ?? []).every((id) => isCompiled(reading, id));
}

/** A function of the system, or one that only a superuser can have made. */
export function isCompiled(reading: Reading, id: number): boolean {
  const fn = reading.index.function(id);
  return fn === null || fn.language === "c" || fn.language === "internal";
}

function isSetConfig(reading: Reading, name: readonly string[]): boolean {
  if (name.at(-1) !== "set_config") return false;
  return name.length > 1 ? name[0] === "pg_catalog" : candidates(reading, "", "set_config").length === 0;
}

export interface Call {
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
  const users = candidates(reading, schema, bare);
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
      showsAnything(reading, call);
      call.argument();
    }
  } else if (isSyntaxFunction(bare) && users.length === 0) {
    findings.resource("function", `pg_catalog.${bare}`, "execute");
  } else if (users.length === 0) {
    findings.resource("function", `${schema === "" ? "?" : schema}.${bare}`, "execute");
    findings.unknown(`the function ${[...name].join(".")} is not in the catalogue`);
    showsAnything(reading, call);
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
  if (rule.opaque === true) showsAnything(reading, call);
  if (rule.literals === true) findings.literalsMatter = true;
  if (rule.sink === true) call.argument();
}

function candidates(reading: Reading, schema: string, name: string): CatalogueFunction[] {
  const all = reading.index.functionsNamed(name);
  // What somebody put into the system schema is found without being qualified.
  if (schema !== "")
    return all.filter(
      (fn) => fn.schema === schema || (schema.startsWith("pg_temp") && fn.schema.startsWith("pg_temp")),
    );
  return all.filter((fn) => reading.path.includes(fn.schema) || fn.schema === "pg_catalog");
}

export function callUserFunction(reading: Reading, fn: CatalogueFunction, call: Call): void {
  const { findings } = reading;
  findings.resource("function", `${fn.schema}.${fn.name}`, "execute");
  // What belongs to its types runs with it, and may be of these types itself: citext's casts take citext.
  const { calling } = reading.shared;
  const outermost = calling.size === 0;
  if (fn.kind !== "aggregate" && !calling.has(fn.id)) {
    calling.add(fn.id);
    for (const id of fn.calls ?? []) callById(reading, id, call);
  }
  if (outermost) calling.clear();
  if (fn.body === null || (fn.language !== "sql" && fn.language !== "plpgsql")) {
    callUnreadable(reading, fn, call);
    return;
  }
  const followed = followFunction(reading, fn);
  if (followed === null) {
    findings.unknown(`the body of ${fn.schema}.${fn.name} cannot be read`);
    showsAnything(reading, call);
    call.argument();
    return;
  }
  findings.merge(followed.findings);
  if (followed.findings.opaque) showsAnything(reading, call);
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
  showsAnything(reading, call);
  if (compiled && fn.volatility === "stable") return;
  findings.unknown(`the body of ${fn.schema}.${fn.name} cannot be read`);
  call.argument();
}

/** An aggregate is made of functions. */
function callAggregate(reading: Reading, fn: CatalogueFunction, call: Call): void {
  if (fn.calls === undefined) {
    reading.findings.unknown(`what the aggregate ${fn.schema}.${fn.name} calls is not known`);
    showsAnything(reading, call);
    call.argument();
    return;
  }
  for (const id of fn.calls) if (reading.index.function(id)?.kind !== "aggregate") callById(reading, id, call);
}

/** What it gives may come from anywhere. */
function showsAnything(reading: Reading, { out, use }: Call): void {
  reading.findings.opaque = true;
  addAll(out, [{ relation: null, name: "*" }], use);
}

/** Calls a function that something in the catalogue names; those of the system that are immutable are harmless. */
export function callById(reading: Reading, id: number, call: Call): void {
  const fn = reading.index.function(id);
  if (fn !== null) {
    callUserFunction(reading, fn, call);
    return;
  }
  const name = reading.index.systemName(id);
  if (name !== null) callFunction(reading, ["pg_catalog", name], call);
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
  const schema = name.length > 1 ? (name[0] ?? "") : "";
  const ids = reading.index.operatorFunctions(schema, bare);
  if (ids === null) {
    if ((schema === "" || schema === "pg_catalog") && isSystemOperator(bare)) return;
    reading.findings.unknown(`what the operator ${bare} calls is not known`);
    showsAnything(reading, { use, out, argument: () => {} });
    return;
  }
  if (ids.length === 0 && !isSystemOperator(bare)) {
    reading.findings.unknown(`the operator ${bare} is not in the catalogue`);
    showsAnything(reading, { use, out, argument: () => {} });
  }
  for (const id of ids) {
    const all = () => {
      for (let level: Scope | null = scope; level !== null; level = level.parent)
        for (const item of level.items)
          addAll(
            out,
            item.columns.flatMap((column) => column.origins),
            "sink",
          );
    };
    callById(reading, id, { use, out, argument: all });
  }
}
