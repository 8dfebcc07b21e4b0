/**
 * Settings that change what an account may do, what runs without being named, or what the log and the disk get.
 * `row_security` is none of them: off turns a query that a policy would cut into an error, and pg_dump sets it.
 */
const guarded = new Set(
  `role session_authorization backslash_quote session_replication_role  session_preload_libraries local_preload_libraries
   shared_preload_libraries dynamic_library_path extension_control_path allow_system_table_mods lo_compat_privileges
   ignore_system_indexes zero_damaged_pages ignore_checksum_failure   
   log_statement log_min_messages log_min_error_statement log_min_duration_statement log_duration log_statement_stats log_parser_stats
   log_planner_stats log_executor_stats log_error_verbosity log_lock_waits log_temp_files log_replication_commands debug_print_parse
   debug_print_rewritten debug_print_plan track_activities track_functions track_counts track_io_timing trace_notify trace_sort
    synchronous_standby_names   wal_compression wal_consistency_checking
   transform_null_equals event_triggers createrole_self_grant restrict_nonsystem_relation_kind event_source exit_on_error
   backtrace_functions max_stack_depth update_process_title  password_encryption`
    .trim()
    .split(/\s+/),
);

/** Settings that change what a text means to the parser. */
const parser = new Set(["standard_conforming_strings", "client_encoding", "names"]);

const safeEncodings = new Set(
  `utf8 unicode sqlascii latin1 latin2 latin3 latin4 latin5 latin6 latin7 latin8 latin9 latin10 iso88591 iso88592 iso88593 iso88594
   iso88595 iso88596 iso88597 iso88598 iso88599 iso885910 iso885913 iso885914 iso885915 iso885916 win win866 win874 win1250 win1251
   win1252 win1253 win1254 win1255 win1256 win1257 win1258 windows866 windows874 windows1250 windows1251 windows1252 windows1253
   windows1254 windows1255 windows1256 windows1257 windows1258 koi8 koi8r koi8u alt tcvn abc vscii eucjp euccn euckr euctw eucjis2004
   muleinternal`
    .trim()
    .split(/\s+/),
);

/** Known of a setting by its name: `plain` only changes how the session behaves. Settings of extensions (`a.b`) run their code: guarded. */
export function settingKind(name: string): "plain" | "guarded" | "parser" {
  const lower = name.toLowerCase();
  if (parser.has(lower)) return "parser";
  if (guarded.has(lower) || lower === "" || lower.includes(".")) return "guarded";
  return "plain";
}

/**
 * Whether no byte after the first of a character can be a quote or a backslash: elsewhere the gateway and the server would
 * read different texts.
 */
export function isSafeEncoding(name: string): boolean {
  return safeEncodings.has(name.toLowerCase().replace(/[^a-z0-9]/g, ""));
}

export function isOn(value: string): boolean {
  return ["on", "true", "yes", "1", "t", "tr", "tru", "y", "ye"].includes(value.trim().toLowerCase());
}
