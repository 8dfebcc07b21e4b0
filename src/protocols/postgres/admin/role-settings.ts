import { HoopError } from "../../../vocabulary/index.js";
import { identifier, literal } from "./quote.js";

/** Settings whose value is a list of names, stored quoted as names are. */
const listed = new Set([
  "local_preload_libraries",
  "search_path",
  "session_preload_libraries",
  "shared_preload_libraries",
  "temp_tablespaces",
]);
/** Who a session is cannot be a setting of the user that was made for it. */
const identity = new Set(["role", "session_authorization", "is_superuser"]);

interface RoleSetting {
  readonly database: string | null;
  readonly name: string;
  readonly value: string;
  /** Whether this administrator may set it for another user. */
  readonly allowed: boolean;
}

/** One statement that reads what `settingStatements` is given. */
export const readSettings = (
  role: string,
): string => `SELECT d.datname, c.setting, r.rolsuper OR COALESCE((SELECT s.context = 'user'
    FROM pg_settings s WHERE s.name = lower(split_part(c.setting, '=', 1))), false)
  FROM pg_db_role_setting t
  JOIN pg_roles g ON g.oid = t.setrole
  CROSS JOIN LATERAL unnest(t.setconfig) AS c (setting)
  LEFT JOIN pg_database d ON d.oid = t.setdatabase
  JOIN pg_roles r ON r.rolname = current_user
  WHERE g.rolname = ${literal(role)}`;

/**
 * `ALTER ROLE … SET` of a role is not inherited by its members: search path, time-outs and what an audit extension watches would
 * be lost to them. Answers the statements that give the settings to `user` too.
 *
 * @throws HoopError `precondition-failed` when this administrator may not set one of them: without it the session would not
 * be what the role's owner meant it to be
 */
export function settingStatements(
  rows: readonly (readonly unknown[])[],
  role: string,
  user: string,
): readonly string[] {
  const settings = settingsFrom(rows as readonly [string | null, string, boolean][]);
  const forbidden = settings.find(({ allowed }) => !allowed);
  if (forbidden !== undefined)
    throw new HoopError(
      "precondition-failed",
      `role ${role} has the setting ${forbidden.name}, which this login may not give to another user`,
      { hint: "let a superuser be the stored login, or set credential users=static" },
    );
  return settings.map(({ database, name, value }) => {
    const place = database === null ? "" : ` IN DATABASE ${identifier(database)}`;
    // The name is read as PostgreSQL reads it: parts between dots are names of their own.
    const target = name.split(".").map(identifier).join(".");
    return `ALTER ROLE ${identifier(user)}${place} SET ${target} TO ${settingValue(name, value)}`;
  });
}

function settingsFrom(rows: readonly [string | null, string, boolean][]): readonly RoleSetting[] {
  return rows.flatMap(([database, setting, allowed]) => {
    const at = setting.indexOf("=");
    const name = setting.slice(0, at);
    return at <= 0 || identity.has(name.toLowerCase())
      ? []
      : [{ database, name, value: setting.slice(at + 1), allowed }];
  });
}

function settingValue(name: string, value: string): string {
  if (!listed.has(name.toLowerCase())) return literal(value);
  const names = namesIn(value);
  return names.length === 0 ? "''" : names.map(literal).join(", ");
}

/** `"$user", public` → `$user`, `public`. */
export function namesIn(list: string): readonly string[] {
  return [...list.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^",]+))\s*(?:,|$)/g)]
    .map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? (plain ?? "").trim())
    .filter((name) => name !== "");
}
