import type { Effect } from "../../vocabulary/index.js";

/** What is known of a function by its name. */
export interface FunctionRule {
  readonly effects: readonly Effect[];
  /** The escape hatch it belongs to. */
  readonly escape?: string;
  /** Its arguments go somewhere else than into its result. */
  readonly sink?: boolean;
  /** It reads what its arguments say as code, or data that no column stands for. */
  readonly opaque?: boolean;
  /** Its literals are names or code. */
  readonly literals?: boolean;
}

const rules = new Map<string, FunctionRule>();
const patterns: { readonly pattern: RegExp; readonly rule: FunctionRule }[] = [];

function names(rule: FunctionRule, text: string): void {
  for (const name of text.trim().split(/\s+/)) rules.set(name, rule);
}

// Values kept outside of tables: each of them carries data from one session to another.
names({ effects: ["write"], sink: true, literals: true }, "nextval setval");
names({ effects: ["read"], literals: true }, "currval lastval pg_sequence_last_value pg_get_sequence_data");
names({ effects: ["execute"], sink: true }, "pg_notify");
// Read on its own where its arguments can be seen; here by another way, as an attribute of a row.
names({ effects: ["unknown"], escape: "set_config", sink: true, literals: true }, "set_config");
patterns.push({ pattern: /^pg_(try_)?advisory_/, rule: { effects: ["execute"], sink: true } });
names(
  { effects: ["write"], escape: "large_object", sink: true },
  "lo_creat lo_create lo_from_bytea lo_put lo_truncate lo_truncate64 lo_unlink lowrite lo_manage",
);
names({ effects: ["read"], escape: "large_object", opaque: true }, "lo_get loread");
names({ effects: ["read"], escape: "large_object" }, "lo_open lo_close lo_lseek lo_lseek64 lo_tell lo_tell64");
names({ effects: ["admin"], escape: "lo_import", sink: true, literals: true }, "lo_import");
names({ effects: ["admin"], escape: "lo_export", sink: true, literals: true }, "lo_export");

// The server's files.
names(
  { effects: ["admin"], escape: "pg_read_file", sink: true, opaque: true, literals: true },
  "pg_read_file pg_read_binary_file pg_stat_file pg_read_file_old pg_file_read pg_file_length",
);
patterns.push({
  pattern: /^pg_ls_|^pg_logdir_ls$/,
  rule: { effects: ["admin"], escape: "pg_ls_dir", sink: true, literals: true },
});
names(
  { effects: ["admin"], escape: "adminpack", sink: true, literals: true },
  "pg_file_write pg_file_sync pg_file_rename pg_file_unlink pg_logfile_rotate",
);
names(
  { effects: ["admin"], escape: "server_configuration" },
  "pg_hba_file_rules pg_show_all_file_settings pg_ident_file_mappings pg_reload_conf pg_rotate_logfile pg_rotate_logfile_old",
);

// Text that is run as a statement.
names(
  { effects: ["unknown"], escape: "query_to_xml", sink: true, opaque: true, literals: true },
  `query_to_xml query_to_xmlschema query_to_xml_and_xmlschema cursor_to_xml cursor_to_xmlschema table_to_xml table_to_xmlschema
   table_to_xml_and_xmlschema schema_to_xml schema_to_xmlschema schema_to_xml_and_xmlschema database_to_xml database_to_xmlschema
   database_to_xml_and_xmlschema`,
);
names(
  { effects: ["unknown"], escape: "runs_query", sink: true, opaque: true, literals: true },
  "ts_stat ts_rewrite crosstab crosstab2 crosstab3 crosstab4 crosstabn connectby xpath_table xpath_list",
);
patterns.push({
  pattern: /^dblink/,
  rule: { effects: ["connect", "unknown"], escape: "dblink", sink: true, opaque: true, literals: true },
});
patterns.push({
  pattern: /^postgres_fdw_/,
  rule: { effects: ["admin"], escape: "foreign_server", literals: true },
});

// Other sessions and the server itself.
names({ effects: ["admin"], escape: "pg_terminate_backend" }, "pg_terminate_backend pg_cancel_backend");
names({ effects: ["execute"], escape: "pg_sleep", sink: true }, "pg_sleep pg_sleep_for pg_sleep_until");
names(
  { effects: ["admin"], escape: "server_control", literals: true },
  `pg_promote pg_switch_wal pg_switch_xlog pg_create_restore_point pg_backup_start pg_backup_stop pg_start_backup pg_stop_backup
   pg_wal_replay_pause pg_wal_replay_resume pg_log_backend_memory_contexts pg_log_standby_snapshot pg_import_system_collations pg_nextoid
   pg_extension_config_dump pg_stop_making_pinned_objects brin_summarize_new_values brin_summarize_range brin_desummarize_range
   gin_clean_pending_list pg_prewarm autoprewarm_start_worker autoprewarm_dump_now pg_repack pg_buffercache_evict`,
);
patterns.push({ pattern: /^pg_stat_(statements_)?reset/, rule: { effects: ["admin"], escape: "server_control" } });
patterns.push({ pattern: /^pg_(restore|clear)_.*_stats$/, rule: { effects: ["admin"], escape: "server_control" } });
patterns.push({ pattern: /^binary_upgrade_/, rule: { effects: ["admin"], escape: "server_control" } });
patterns.push({
  pattern: /^pg_(create_|drop_|copy_|replication_|logical_|sync_replication|get_replication_slots)/,
  rule: { effects: ["admin"], escape: "replication", sink: true, opaque: true, literals: true },
});

// What other sessions do, and pages as they lie on disk.
names(
  { effects: ["read"], opaque: true },
  "pg_stat_get_activity pg_stat_get_backend_activity pg_prepared_statement pg_cursor pg_stat_statements",
);
names(
  { effects: ["unknown"], escape: "raw_pages", opaque: true, literals: true },
  "get_raw_page heap_page_items bt_page_items",
);

const harmlessVolatile = new Set(
  `random random_normal setseed gen_random_uuid uuidv4 uuidv7 clock_timestamp timeofday txid_current txid_current_if_assigned
   txid_current_snapshot txid_status pg_current_xact_id pg_current_xact_id_if_assigned pg_current_snapshot pg_xact_status
   pg_export_snapshot pg_current_wal_lsn pg_current_wal_insert_lsn pg_current_wal_flush_lsn pg_last_wal_receive_lsn
   pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_is_in_recovery pg_is_wal_replay_paused pg_get_wal_replay_pause_state
   pg_is_in_backup pg_backup_start_time pg_relation_size pg_total_relation_size pg_table_size pg_indexes_size pg_database_size
   pg_tablespace_size pg_relation_filenode pg_relation_filepath pg_filenode_relation pg_blocking_pids pg_safe_snapshot_blocking_pids
   pg_isolation_test_session_is_blocked pg_lock_status pg_prepared_xact pg_show_all_settings pg_config pg_control_system
   pg_control_checkpoint pg_control_recovery pg_control_init pg_current_logfile pg_notification_queue_usage pg_listening_channels
   pg_trigger_depth pg_stat_clear_snapshot pg_stat_force_next_flush pg_get_shmem_allocations pg_get_backend_memory_contexts
   pg_xact_commit_timestamp pg_xact_commit_timestamp_origin pg_last_committed_xact pg_timezone_names pg_timezone_abbrevs
   pg_available_extensions pg_available_extension_versions pg_extension_update_paths pg_collation_actual_version
   pg_database_collation_actual_version pg_partition_tree pg_partition_ancestors pg_get_multixact_members pg_mcv_list_items
   pg_event_trigger_ddl_commands pg_event_trigger_dropped_objects pg_event_trigger_table_rewrite_oid
   pg_event_trigger_table_rewrite_reason unique_key_recheck pg_backend_pid pg_my_temp_schema pg_is_other_temp_schema version
   statement_timestamp transaction_timestamp now currtid2 pg_get_wait_events pg_get_keywords pg_conf_load_time
   pg_postmaster_start_time pg_size_bytes pg_column_size uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4 gen_salt gen_random_bytes
   pgp_sym_encrypt pgp_sym_encrypt_bytea pgp_pub_encrypt pgp_pub_encrypt_bytea normal_rand icu_unicode_version unicode_version pg_get_aios`
    .trim()
    .split(/\s+/),
);

/** Functions that the grammar itself writes for SQL syntax, whatever the catalogue lists. */
const syntaxFunctions = new Set(
  `extract date_part position overlay substring btrim ltrim rtrim timezone overlaps xmlexists is_normalized normalize
   system_user pg_collation_for similar_to_escape similar_escape like_escape`
    .trim()
    .split(/\s+/),
);

/** The rule for a name, in whatever schema: extensions land anywhere. Null: the name alone says nothing. */
export function functionRule(name: string): FunctionRule | null {
  const rule = rules.get(name);
  if (rule !== undefined) return rule;
  for (const each of patterns) if (each.pattern.test(name)) return each.rule;
  return null;
}

export function isHarmlessVolatile(name: string): boolean {
  return harmlessVolatile.has(name) || name.startsWith("pg_stat_get_");
}

export function isSyntaxFunction(name: string): boolean {
  return syntaxFunctions.has(name);
}

/** Functions of the system that give as many rows as their arguments' values say. */
const rows = new Set(
  `generate_series generate_subscripts unnest regexp_matches regexp_split_to_table string_to_table json_array_elements
   json_array_elements_text jsonb_array_elements jsonb_array_elements_text json_each json_each_text jsonb_each jsonb_each_text
   json_object_keys jsonb_object_keys jsonb_path_query jsonb_path_query_tz json_populate_recordset jsonb_populate_recordset
   json_to_recordset jsonb_to_recordset ts_parse ts_debug ts_stat aclexplode pg_options_to_table _pg_expandarray`
    .trim()
    .split(/\s+/),
);

export function givesRows(name: string): boolean {
  return rows.has(name);
}
