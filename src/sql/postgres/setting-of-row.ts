import { bodyOf, isTree, list, names, type Tree, tree, word } from "./tree.js";

/** The settings that may be named by a row: what a wrong row would get is a value that no other setting takes. */
const allowed = new Set(["restrict_nonsystem_relation_kind"]);

/**
 * The targets of `SELECT set_config(name, 'view, foreign-table', false) FROM pg_settings WHERE name = 'restrict_nonsystem_relation_kind'`,
 * with the constant in the place of the column; null for any other query. Every `pg_dump` since August 2024 asks for it that way, because
 * older servers do not know the setting. Nothing may stand beside it that could make another row of it.
 */
export function targetsOfNamedSetting(body: Tree): readonly unknown[] | null {
  if (Object.keys(body).some((key) => !parts.has(key)) || !isSettings(body.fromClause)) return null;
  const named = settingOf(tree(bodyOf(body.whereClause, "A_Expr")));
  const targets = list(body.targetList);
  const target = bodyOf(targets[0], "ResTarget");
  const call = bodyOf(target?.val, "FuncCall");
  if (named === null || targets.length !== 1 || target === null || call === null) return null;
  const [name, value, local, ...more] = list(call.args);
  const isCall = ["set_config", "pg_catalog.set_config"].includes(names(call.funcname).join("."));
  if (!isCall || !isNameColumn(name) || more.length > 0) return null;
  if (bodyOf(value, "A_Const") === null || bodyOf(local, "A_Const") === null) return null;
  return [{ ResTarget: { ...target, val: { FuncCall: { ...call, args: [named, value, local] } } } }];
}

const parts = new Set(["targetList", "fromClause", "whereClause", "limitOption", "op"]);

function isSettings(from: unknown): boolean {
  const range = bodyOf(list(from)[0], "RangeVar");
  if (range === null || list(from).length !== 1 || range.alias !== undefined) return false;
  return word(range.relname) === "pg_settings" && ["", "pg_catalog"].includes(word(range.schemaname));
}

/** The constant of `name = 'constant'`, as a node. */
function settingOf(condition: Tree): unknown {
  if (word(condition.kind) !== "AEXPR_OP" || names(condition.name).join(".") !== "=") return null;
  if (!isNameColumn(condition.lexpr) || !isTree(condition.rexpr)) return null;
  const text = word(tree(bodyOf(condition.rexpr, "A_Const")?.sval).sval);
  return allowed.has(text) ? condition.rexpr : null;
}

function isNameColumn(node: unknown): boolean {
  const reference = bodyOf(node, "ColumnRef");
  return reference !== null && names(reference.fields).join(".") === "name";
}
