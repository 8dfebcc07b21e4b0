/**
 * Settings that SET needs the effect `admin` for: a session starts with them when the rules allow that SET. The same as the SQL
 * analysis has, which a test compares.
 */
const guarded = new Set(
  `role session_authorization backslash_quote session_replication_role session_preload_libraries local_preload_libraries
   shared_preload_libraries dynamic_library_path extension_control_path allow_system_table_mods lo_compat_privileges
   ignore_system_indexes zero_damaged_pages ignore_checksum_failure
   log_statement log_min_messages log_min_error_statement log_min_duration_statement log_duration log_statement_stats log_parser_stats
   log_planner_stats log_executor_stats log_error_verbosity log_lock_waits log_temp_files log_replication_commands debug_print_parse
   debug_print_rewritten debug_print_plan track_activities track_functions track_counts track_io_timing trace_notify trace_sort
   synchronous_standby_names wal_compression wal_consistency_checking
   transform_null_equals event_triggers createrole_self_grant restrict_nonsystem_relation_kind event_source exit_on_error
   backtrace_functions max_stack_depth update_process_title password_encryption`.split(/\s+/),
);

/** Names that are no settings, or that are looked at by themselves. */
const own = new Set(["user", "database", "replication", "options"]);

/** A session asks people about as many at most. */
const maxJudged = 32;

/** What is set by a startup packet: the statements that would do the same, for the rules; or why it is not taken at all. */
export type StartupSettings = { readonly statements: readonly string[] } | { readonly refused: string };

/** What of these parameters is to be judged before a session starts with them; one for replication is asked about nothing of it. */
export function startupSettings(parameters: ReadonlyMap<string, string>, replication = false): StartupSettings {
  const settings = settingsIn(parameters);
  if (settings === null) return { refused: "startup options other than -c name=value and --name=value are not taken" };
  const statements = new Set<string>();
  for (const [name, value] of settings) {
    if (!isGuarded(name)) continue;
    const plain = plainName(name);
    // Unquoted: what is none of these could be read as something else in a statement than in a startup packet.
    if (!/^[a-z_][a-z0-9_$]*(?:\.[a-z_][a-z0-9_$]*)*$/.test(plain) || value === undefined || replication)
      return { refused: `the setting ${name.slice(0, 64)} is not taken at startup, where no rule can judge it` };
    statements.add(`SET ${plain} TO '${value.replaceAll("'", "''")}'`);
  }
  if (statements.size > maxJudged) return { refused: `more than ${maxJudged} settings are to be judged at startup` };
  return { statements: [...statements] };
}

/** Whether the client says itself as which role its session starts. */
export function namesRole(parameters: ReadonlyMap<string, string>): boolean {
  return settingsIn(parameters)?.some(([name]) => plainName(name) === "role") ?? true;
}

type Setting = readonly [name: string, value: string | undefined];

function settingsIn(parameters: ReadonlyMap<string, string>): readonly Setting[] | null {
  const options = settingsOf(parameters.get("options") ?? "");
  return options && [...[...parameters].filter(([name]) => !own.has(name)), ...options];
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll("-", "_");
}

function isGuarded(name: string): boolean {
  const plain = plainName(name.trim());
  // Settings of extensions run their code.
  return plain === "" || plain.includes(".") || guarded.has(plain);
}

/** The settings in `options`, cut into words as the server does; null: there is something else. */
function settingsOf(options: string): Setting[] | null {
  const words = (options.match(/(?:\\[\s\S]|[^ \t-\r\\])+|\\$/g) ?? []).map((word) =>
    word.replaceAll(/\\([\s\S]?)/g, "$1"),
  );
  const settings: Setting[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const setting = word === "-c" ? words[++at] : /^-[c-](.+)$/s.exec(word)?.[1];
    if (setting === undefined) return null;
    const equals = setting.indexOf("=");
    settings.push(equals < 0 ? [setting, undefined] : [setting.slice(0, equals), setting.slice(equals + 1)]);
  }
  return settings;
}
