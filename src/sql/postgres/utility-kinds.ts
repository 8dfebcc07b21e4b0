import type { Access, Effect } from "../../vocabulary/index.js";

/** What a statement that is not a query does, as far as its kind tells. */
export interface UtilityKind {
  /** Under which name it stands among the `utility` attribute. */
  readonly name: string;
  readonly effects: readonly Effect[];
  readonly escape?: string;
  /** How it touches the relations that it names. */
  readonly access?: Access;
  /** It changes the catalogue. */
  readonly catalogue?: true;
  /** It changes what later texts mean. */
  readonly context?: true;
  /** Names that stand after it in the same text may mean something else than the catalogue says. */
  readonly renames?: true;
}

const kinds = new Map<string, UtilityKind>();

function add(kind: UtilityKind, nodes: string): void {
  for (const node of nodes.split(" ")) kinds.set(node, kind);
}

// The session itself.
add({ name: "transaction", effects: [] }, "TransactionStmt");
add({ name: "set_constraints", effects: [] }, "ConstraintsSetStmt");
add({ name: "close", effects: [] }, "ClosePortalStmt");
add({ name: "unlisten", effects: [] }, "UnlistenStmt");
add({ name: "deallocate", effects: [], context: true }, "DeallocateStmt");
add({ name: "discard", effects: [], context: true, renames: true }, "DiscardStmt");
add({ name: "show", effects: ["read"] }, "VariableShowStmt");
add({ name: "listen", effects: ["read"] }, "ListenStmt");
add({ name: "notify", effects: ["execute"] }, "NotifyStmt");

// Maintenance.
add({ name: "lock", effects: ["execute"], access: "execute" }, "LockStmt");
add({ name: "vacuum", effects: ["execute"], access: "execute" }, "VacuumStmt");
add({ name: "cluster", effects: ["execute"], access: "execute" }, "ClusterStmt");
add({ name: "reindex", effects: ["execute"], access: "execute" }, "ReindexStmt");
add({ name: "refresh", effects: ["write"], access: "write" }, "RefreshMatViewStmt");
add({ name: "checkpoint", effects: ["admin"] }, "CheckPointStmt");
add({ name: "load", effects: ["admin"], escape: "load" }, "LoadStmt");

// Definitions.
const define = { effects: ["define"], access: "define", catalogue: true } as const;
add({ ...define, name: "create_table" }, "CreateStmt");
add({ ...define, name: "create_schema", renames: true }, "CreateSchemaStmt");
add({ ...define, name: "create_sequence" }, "CreateSeqStmt AlterSeqStmt");
add({ ...define, name: "create_index" }, "IndexStmt");
add({ ...define, name: "create_type" }, "CompositeTypeStmt CreateEnumStmt CreateRangeStmt AlterEnumStmt AlterTypeStmt");
add({ ...define, name: "create_domain" }, "CreateDomainStmt AlterDomainStmt");
add({ ...define, name: "create_statistics" }, "CreateStatsStmt AlterStatsStmt");
add({ ...define, name: "create_view", renames: true }, "ViewStmt");
add({ ...define, name: "create_function", renames: true }, "CreateFunctionStmt AlterFunctionStmt");
add({ ...define, name: "create_trigger", renames: true }, "CreateTrigStmt");
add({ ...define, name: "create_rule", renames: true }, "RuleStmt");
add({ ...define, name: "create_object", renames: true }, "DefineStmt");
add(
  { ...define, name: "create_operator", renames: true },
  "CreateOpClassStmt CreateOpFamilyStmt AlterOpFamilyStmt AlterOperatorStmt",
);
add({ ...define, name: "create_cast", renames: true }, "CreateCastStmt CreateConversionStmt CreateTransformStmt");
add({ ...define, name: "text_search" }, "AlterTSDictionaryStmt AlterTSConfigurationStmt AlterCollationStmt");
add({ ...define, name: "alter_table" }, "AlterTableStmt");
add({ ...define, name: "rename", renames: true }, "RenameStmt AlterObjectSchemaStmt");
add({ ...define, name: "depends" }, "AlterObjectDependsStmt");
add({ ...define, name: "comment" }, "CommentStmt");
add({ effects: ["destroy"], access: "destroy", catalogue: true, name: "drop" }, "DropStmt");
add({ effects: ["destroy"], access: "destroy", name: "truncate" }, "TruncateStmt");

// Who may do what.
const admin = { effects: ["admin"], access: "define", catalogue: true } as const;
add(
  { ...admin, name: "role", escape: "alter_role" },
  "CreateRoleStmt AlterRoleStmt AlterRoleSetStmt DropRoleStmt GrantRoleStmt",
);
add({ ...admin, name: "grant", escape: "grant" }, "GrantStmt AlterDefaultPrivilegesStmt");
add({ ...admin, name: "owner", escape: "alter_owner" }, "AlterOwnerStmt");
add(
  { ...admin, effects: ["destroy", "admin"], name: "owner", escape: "alter_owner" },
  "DropOwnedStmt ReassignOwnedStmt",
);
add(
  { ...admin, effects: ["define", "admin"], name: "policy", escape: "row_security" },
  "CreatePolicyStmt AlterPolicyStmt",
);
add({ ...admin, name: "security_label", escape: "security_label" }, "SecLabelStmt");

// The server, and what is outside of it.
add({ ...admin, name: "system", escape: "alter_system" }, "AlterSystemStmt");
add(
  { ...admin, name: "database", escape: "alter_database" },
  "AlterDatabaseStmt AlterDatabaseSetStmt AlterDatabaseRefreshCollStmt",
);
add({ ...admin, effects: ["define", "admin"], name: "database", escape: "alter_database" }, "CreatedbStmt");
add({ ...admin, effects: ["destroy", "admin"], name: "database", escape: "alter_database" }, "DropdbStmt");
add(
  { ...admin, name: "tablespace", escape: "tablespace" },
  "CreateTableSpaceStmt AlterTableSpaceOptionsStmt AlterTableMoveAllStmt",
);
add({ ...admin, effects: ["destroy", "admin"], name: "tablespace", escape: "tablespace" }, "DropTableSpaceStmt");
const extend = { ...admin, effects: ["define", "admin"], renames: true } as const;
add(
  { ...extend, name: "extension", escape: "create_extension" },
  "CreateExtensionStmt AlterExtensionStmt AlterExtensionContentsStmt",
);
add({ ...extend, name: "language", escape: "untrusted_language" }, "CreatePLangStmt");
add({ ...extend, name: "access_method", escape: "access_method" }, "CreateAmStmt");
add({ ...extend, name: "event_trigger", escape: "event_trigger" }, "CreateEventTrigStmt AlterEventTrigStmt");
const foreign = { ...admin, effects: ["define", "admin", "connect"], escape: "foreign_server", renames: true } as const;
add(
  { ...foreign, name: "foreign" },
  "CreateFdwStmt AlterFdwStmt CreateForeignServerStmt AlterForeignServerStmt CreateForeignTableStmt",
);
add(
  { ...foreign, name: "foreign" },
  "CreateUserMappingStmt AlterUserMappingStmt DropUserMappingStmt ImportForeignSchemaStmt",
);
add(
  { ...admin, effects: ["define", "admin"], name: "publication", escape: "replication" },
  "CreatePublicationStmt AlterPublicationStmt",
);
const subscription = { ...admin, effects: ["define", "admin", "connect"], escape: "replication" } as const;
add({ ...subscription, name: "subscription" }, "CreateSubscriptionStmt AlterSubscriptionStmt DropSubscriptionStmt");

/** Null: nobody knows what such a statement does. */
export function utilityKind(node: string): UtilityKind | null {
  return kinds.get(node) ?? null;
}
