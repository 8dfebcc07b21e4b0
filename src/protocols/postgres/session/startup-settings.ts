/**
 * Settings that SET needs the effect `admin` for: what a session starts with is judged by nobody, so they are not taken there. The
 * same as the SQL analysis has, which a test compares.
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

/** Why a session does not start with these parameters; null: it may. */
export function unjudgedSetting(parameters: ReadonlyMap<string, string>): string | null {
  const names = [...parameters.keys()].filter((name) => !own.has(name));
  const options = namesIn(parameters.get("options") ?? "");
  if (options === null) return "startup options other than -c name=value and --name=value are not taken";
  for (const name of [...names, ...options])
    if (isGuarded(name)) return `the setting ${name.slice(0, 64)} is not taken at startup, where no rule judges it`;
  return null;
}

function isGuarded(name: string): boolean {
  const plain = name.trim().toLowerCase().replaceAll("-", "_");
  // Settings of extensions run their code.
  return plain === "" || plain.includes(".") || guarded.has(plain);
}

/** The settings in `options`, cut into words as the server does; null: there is something else. */
function namesIn(options: string): string[] | null {
  const words = (options.match(/(?:\\[\s\S]|[^ \t-\r\\])+|\\$/g) ?? []).map((word) =>
    word.replaceAll(/\\([\s\S]?)/g, "$1"),
  );
  const names: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const setting = word === "-c" ? words[++at] : /^-[c-](.+)$/s.exec(word)?.[1];
    if (setting === undefined) return null;
    names.push(setting.split("=", 1)[0]!);
  }
  return names;
}
