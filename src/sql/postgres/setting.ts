import { isOn, isSafeEncoding, settingKind } from "../settings.js";
import type { Reading } from "./reading.js";
import { bodyOf, list, type Tree, tree, word } from "./tree.js";

const identities = new Set(["role", "session_authorization"]);

/** SET and RESET. */
export function readSetting(reading: Reading, body: Tree): void {
  const { findings } = reading;
  const kind = word(body.kind);
  const name = word(body.name).toLowerCase();
  findings.utility.add(kind.startsWith("VAR_RESET") ? "reset" : "set");
  findings.changesContext = true;
  // SET TRANSACTION, SET SESSION CHARACTERISTICS.
  if (kind === "VAR_SET_MULTI") return;
  if (kind === "VAR_RESET" || kind === "VAR_RESET_ALL" || kind === "VAR_SET_DEFAULT") {
    // Back to what the session started with: the connection's owner chose that, or the rules allowed it as a SET.
    findings.resource("setting", name === "" ? "?" : name, "write");
    if (kind === "VAR_RESET_ALL" || changesNames(name)) changeNames(reading);
    return;
  }
  applySetting(reading, name, list(body.args).map(constantText).join(", "));
}

/** `set_config(name, value, …)` is SET, but for what only shows while it runs. */
export function readSetConfig(reading: Reading, args: readonly unknown[]): void {
  const { findings } = reading;
  findings.literalsMatter = true;
  findings.changesContext = true;
  const name = bodyOf(args[0], "A_Const");
  if (name === null) {
    findings.escapes.add("set_config");
    findings.unknown("which setting set_config changes is not known");
    changeNames(reading);
    return;
  }
  const setting = word(tree(name.sval).sval).toLowerCase();
  const value = constantText(args[1]);
  if (kindOf(setting, value) !== "plain") findings.escapes.add("set_config");
  applySetting(reading, setting, value);
}

function applySetting(reading: Reading, name: string, value: string): void {
  const { findings } = reading;
  findings.resource("setting", name === "" ? "?" : name, "write");
  if (changesNames(name)) changeNames(reading);
  if (identities.has(name)) {
    // NONE too: it takes back the role that a login was given by ALTER ROLE … SET role, where RESET goes back to it.
    findings.effect("admin");
    findings.escapes.add(name === "role" ? "set_role" : "set_session_authorization");
    findings.resource("role", value, "execute");
    return;
  }
  switch (kindOf(name, value)) {
    case "plain":
      return;
    case "parser":
      if (name === "standard_conforming_strings" ? isOn(value) : isSafeEncoding(value)) return;
      findings.unknown(`with ${name} set to ${value.slice(0, 32)} later statements could not be read`);
      return;
    default:
      findings.effect("admin");
      findings.escapes.add("guarded_setting");
  }
}

/** The narrowest value of a setting that only narrows takes nobody's protection away: `pg_dump` sets it for its own. */
function kindOf(name: string, value: string): ReturnType<typeof settingKind> {
  const narrowest = name === "restrict_nonsystem_relation_kind" && value === "view, foreign-table";
  return narrowest ? "plain" : settingKind(name);
}

function changesNames(name: string): boolean {
  return name === "search_path" || identities.has(name);
}

function changeNames(reading: Reading): void {
  reading.shared.renamed = true;
  reading.shared.pathChanged = true;
}

/** The text of a constant; `?` for anything else. */
function constantText(node: unknown): string {
  const constant = bodyOf(node, "A_Const") ?? bodyOf(tree(bodyOf(node, "TypeCast")).arg, "A_Const");
  if (constant === null) return "?";
  const value = constant.sval ?? constant.ival ?? constant.fval ?? constant.boolval;
  return String(Object.values(tree(value))[0] ?? "0");
}
