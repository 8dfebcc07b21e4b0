/** Relations of the system that show users' values, statements or secrets; the others there show names and settings only. */
const sensitive = [
  ...["pg_stats", "pg_stats_ext", "pg_stats_ext_exprs", "pg_statistic", "pg_statistic_ext_data", "pg_stat_activity"],
  ...["pg_authid", "pg_shadow", "pg_largeobject", "pg_subscription", "pg_user_mapping", "pg_user_mappings"],
  ...["pg_prepared_statements", "pg_cursors", "pg_roles", "pg_user"],
];
const sensitiveList = sensitive.map((name) => `'${name}'`).join(", ");

/** Users' schemas: not the system's, and no session's temporary ones. */
const outside = (namespace: string): string =>
  `${namespace}.nspname NOT IN ('pg_catalog', 'information_schema') AND ${namespace}.nspname !~ '^pg_(toast|temp)'`;

/** Users' things, those too that somebody put into the system's schemas. */
const added = (thing: string, namespace: string): string => `(${outside(namespace)} OR ${thing}.oid >= 16384)`;

const shown = `c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't'
  AND ((${outside("n")}) OR (n.nspname = 'pg_catalog' AND c.relname IN (${sensitiveList})))`;

const relations = `SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${shown}`;

// Every change of a row gives it another xmin: count and sum of both change with any that matters here.
const digest = (from: string): string =>
  `(SELECT pg_catalog.count(*) || '/' || COALESCE(pg_catalog.sum(x.xmin::text::bigint), 0) FROM ${from})`;

/**
 * Users that Hoop makes for one session each come and go; what they are members of is fixed when they are made, and no other
 * session's names mean anything else by it.
 */
const passing = `(SELECT r.oid FROM pg_roles r WHERE r.rolname ~ '^hoop_[a-z0-9_]+_[a-z2-7]{16}$')`;

/** One row: a text that changes when anything below may have changed. */
export const versionQuery = `SELECT pg_catalog.md5(pg_catalog.concat_ws(' ',
  ${digest("pg_class x WHERE x.relpersistence <> 't' AND x.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')")},
  ${digest("pg_attribute x JOIN pg_class r ON r.oid = x.attrelid WHERE r.relpersistence <> 't' AND x.attrelid >= 16384")},
  ${digest("pg_proc x WHERE x.oid >= 16384")},
  ${digest("pg_rewrite x")}, ${digest("pg_trigger x")}, ${digest("pg_policy x")}, ${digest("pg_attrdef x")},
  ${digest("pg_constraint x")}, ${digest("pg_inherits x")}, ${digest("pg_operator x WHERE x.oid >= 16384")},
  ${digest("pg_namespace x WHERE x.nspname !~ '^pg_(toast_)?temp'")}, ${digest(`pg_db_role_setting x WHERE x.setrole NOT IN ${passing}`)},
  ${digest(`pg_auth_members x WHERE x.member NOT IN ${passing} AND x.roleid NOT IN ${passing}`)}, ${digest("pg_cast x")}, ${digest("pg_type x WHERE x.oid >= 16384")},
  ${digest("pg_aggregate x")}, ${digest("pg_amop x")}, ${digest("pg_amproc x")},
  current_user, pg_catalog.current_setting('is_superuser'), pg_catalog.current_setting('server_version_num'),
  pg_catalog.array_to_string(pg_catalog.current_schemas(false), ','))) AS version`;

/** Who and where we are, before the search path is set aside. */
export const selfQuery = `SELECT current_user AS role, pg_catalog.current_schemas(false)::text[] AS path,
  pg_catalog.current_setting('is_superuser') = 'on' AS superuser,
  pg_catalog.current_setting('server_version_num')::int AS version, pg_catalog.current_database() AS database`;

export const sizeQuery = `SELECT
  (SELECT pg_catalog.count(*)::int FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${shown}) AS relations,
  (SELECT pg_catalog.count(*)::int FROM pg_attribute a WHERE a.attrelid IN (${relations})) AS columns,
  (SELECT pg_catalog.count(*)::int FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${outside("n")}) AS functions,
  (SELECT COALESCE(pg_catalog.sum(pg_catalog.length(p.prosrc)), 0)::float8 FROM pg_proc p
    JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${outside("n")}) AS text`;

export const relationsQuery = `SELECT c.oid, n.nspname, c.relname, c.relkind::text,
  CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${shown} ORDER BY c.oid`;

export const columnsQuery = `SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.attnotnull FROM pg_attribute a
  WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid IN (${relations}) ORDER BY a.attrelid, a.attnum`;

export const parentsQuery = "SELECT inhrelid, inhparent FROM pg_inherits";

const depends = (catalogue: string, on: string): string =>
  `pg_depend d ON d.classid = '${catalogue}'::regclass AND d.objid = x.oid AND d.refclassid = '${on}'::regclass`;

/** Functions of the system that a stored expression calls: the server keeps no dependencies on them. */
const volatileIn = (
  tree: string,
): string => `CROSS JOIN LATERAL pg_catalog.regexp_matches(${tree}::text, ':(?:op)?funcid ([0-9]+)', 'g') m(id)
  JOIN pg_proc f ON f.oid = m.id[1]::oid AND f.oid < 16384 AND f.provolatile = 'v' AND f.proname <> 'nextval'`;

/** What rewrite rules read, a view's own and others. */
export const readsQuery = `SELECT DISTINCT x.ev_class, d.refobjid FROM pg_rewrite x JOIN ${depends("pg_rewrite", "pg_class")}
  WHERE d.refobjid <> x.ev_class`;

/** Functions that run when the relation is written or read: of triggers, and of rules that are not a view's own. */
export const triggersQuery = `SELECT tgrelid, tgfoid FROM pg_trigger WHERE NOT tgisinternal
  UNION SELECT x.ev_class, d.refobjid FROM pg_rewrite x JOIN ${depends("pg_rewrite", "pg_proc")} WHERE x.ev_type <> '1'
  UNION SELECT x.ev_class, f.oid FROM pg_rewrite x ${volatileIn("x.ev_action")} WHERE x.ev_type <> '1'`;

/**
 * A digest of what hangs on each relation and is not read in itself: whoever changes such a row gives it another xmin, and whoever makes it anew,
 * another id.
 */
export const relationDigestsQuery = `SELECT p.rel, pg_catalog.md5(pg_catalog.string_agg(p.part, ' ' ORDER BY p.part)) FROM (
    SELECT tgrelid AS rel, 't' || oid || '.' || xmin AS part FROM pg_trigger
    UNION ALL SELECT adrelid, 'd' || oid || '.' || xmin FROM pg_attrdef
    UNION ALL SELECT conrelid, 'c' || oid || '.' || xmin FROM pg_constraint WHERE conrelid <> 0
    UNION ALL SELECT confrelid, 'f' || oid || '.' || xmin FROM pg_constraint WHERE confrelid <> 0
    UNION ALL SELECT ev_class, 'r' || oid || '.' || xmin FROM pg_rewrite
    UNION ALL SELECT polrelid, 'p' || oid || '.' || xmin FROM pg_policy
    UNION ALL SELECT oid, 'o' || relowner || relrowsecurity || relforcerowsecurity FROM pg_class) p
  WHERE p.rel >= 16384 GROUP BY p.rel`;

/** Functions behind defaults, generated columns, constraints, policies, indexes and a view's own query. */
export const callsQuery = `SELECT x.adrelid, d.refobjid FROM pg_attrdef x JOIN ${depends("pg_attrdef", "pg_proc")}
  UNION SELECT x.adrelid, f.oid FROM pg_attrdef x ${volatileIn("x.adbin")}
  UNION SELECT x.conrelid, f.oid FROM pg_constraint x ${volatileIn("x.conbin")} WHERE x.conrelid <> 0
  UNION SELECT x.polrelid, f.oid FROM pg_policy x ${volatileIn("x.polqual")}
  UNION SELECT x.polrelid, f.oid FROM pg_policy x ${volatileIn("x.polwithcheck")}
  UNION SELECT x.conrelid, d.refobjid FROM pg_constraint x JOIN ${depends("pg_constraint", "pg_proc")} WHERE x.conrelid <> 0
  UNION SELECT x.polrelid, d.refobjid FROM pg_policy x JOIN ${depends("pg_policy", "pg_proc")}
  UNION SELECT i.indrelid, d.refobjid FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN ${depends("pg_class", "pg_proc")}
  UNION SELECT x.ev_class, d.refobjid FROM pg_rewrite x JOIN ${depends("pg_rewrite", "pg_proc")} WHERE x.ev_type = '1'`;

/** SQL-standard bodies are kept parsed from version 14 on; `prosrc` is empty there. */
export const functionsQuery = (serverVersion: number): string => {
  const standard =
    serverVersion >= 140_000
      ? "CASE WHEN p.prosqlbody IS NOT NULL THEN pg_catalog.pg_get_function_sqlbody(p.oid) END"
      : "NULL";
  return `SELECT p.oid, n.nspname, p.proname, p.prokind::text, l.lanname, p.provolatile::text, p.prosecdef,
    CASE WHEN l.lanname IN ('sql', 'plpgsql') THEN COALESCE(${standard}, p.prosrc) END, p.proconfig::text[]
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
    WHERE ${added("p", "n")} ORDER BY p.oid`;
};

/** What stands for types that are no rows. */
const arrays = "anyarray,anycompatiblearray,anyenum,anyrange,anycompatiblerange,anymultirange,anycompatiblemultirange";

/** Every function, with the columns that it gives in FROM; null where they depend on the call, or have no names. */
const functionsWithColumns = `SELECT p.oid, p.proname, p.prokind, p.pronamespace, CASE WHEN '' <> ALL (c.columns) THEN c.columns END AS columns
  FROM pg_proc p JOIN pg_type t ON t.oid = p.prorettype
  LEFT JOIN pg_type b ON b.oid = t.typbasetype
  CROSS JOIN LATERAL (SELECT pg_catalog.array_agg(COALESCE(u.name, '') ORDER BY u.at) AS names
    FROM ROWS FROM (pg_catalog.unnest(p.proargnames), pg_catalog.unnest(p.proargmodes::text[])) WITH ORDINALITY u(name, mode, at) WHERE u.mode IN ('o', 'b', 't')) o
  CROSS JOIN LATERAL (SELECT CASE
    WHEN t.typtype = 'c' THEN (SELECT pg_catalog.array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
      WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)
    WHEN t.typname = 'record' THEN o.names
    WHEN t.typtype IN ('b', 'e', 'r', 'm') OR t.typname = ANY ('{void,cstring,internal,trigger,${arrays}}') OR (t.typtype = 'd' AND b.typtype IN ('b', 'e', 'r', 'm'))
      THEN COALESCE(o.names, '{}') END AS columns) c
  WHERE p.prokind = 'f'`;

/**
 * The columns that users' functions give in FROM: of a row type, or of their OUT parameters; empty: one that has no name of its own.
 * Of what depends on the call there is no row.
 */
export const functionColumnsQuery = `SELECT p.oid, p.columns FROM (${functionsWithColumns}) p
  JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${added("p", "n")} AND p.columns IS NOT NULL`;

/** The same of the system's functions, by name: null where its overloads disagree. Those that give one column without a name are left out. */
export const systemFunctionColumnsQuery = `SELECT f.nspname, f.proname, f.columns FROM (
    SELECT n.nspname, p.proname,
      CASE WHEN pg_catalog.count(*) = pg_catalog.count(p.columns) AND pg_catalog.min(p.columns) = pg_catalog.max(p.columns) THEN pg_catalog.min(p.columns) END AS columns
    FROM (${functionsWithColumns}) p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname IN ('pg_catalog', 'information_schema') AND p.oid < 16384 GROUP BY n.nspname, p.proname) f
  WHERE f.columns IS DISTINCT FROM '{}' ORDER BY f.nspname, f.proname`;

/** Generated columns, each with the columns that it is made of. Servers before 12 have none. */
export const generatedQuery = `SELECT x.adrelid, x.adnum, d.refobjsubid FROM pg_attrdef x
  JOIN pg_attribute a ON a.attrelid = x.adrelid AND a.attnum = x.adnum AND a.attgenerated <> ''
  JOIN ${depends("pg_attrdef", "pg_class")}
  WHERE d.refobjid = x.adrelid AND d.refobjsubid > 0 AND d.refobjsubid <> x.adnum AND x.adrelid IN (${relations})`;

export const systemRelationsQuery = `SELECT c.oid FROM pg_class c
  WHERE c.relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
  AND c.relkind IN ('r', 'v') AND c.oid < 16384`;

export const systemFunctionsQuery = `SELECT DISTINCT p.provolatile::text, p.proname FROM pg_proc p
  WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.oid < 16384 ORDER BY 1, 2`;

/** Those that may do something; operators, aggregates, casts and defaults name functions by id. */
export const systemFunctionIdsQuery = `SELECT p.oid, p.proname FROM pg_proc p
  WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.oid < 16384 AND p.provolatile <> 'i' ORDER BY p.oid`;

/** With the functions that sort for it, which an operator class names. */
export const operatorsQuery = `SELECT n.nspname, o.oprname, o.oprcode::oid FROM pg_operator o
  JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE ${added("o", "n")}
  UNION SELECT n.nspname, o.oprname, p.amproc::oid FROM pg_amproc p JOIN pg_amop a ON a.amopfamily = p.amprocfamily
  JOIN pg_operator o ON o.oid = a.amopopr JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE p.amproc::oid >= 16384`;

/** What users' aggregates are made of. */
const aggregateParts = `SELECT a.aggfnoid::oid AS fn, u.part AS calls FROM pg_aggregate a CROSS JOIN LATERAL pg_catalog.unnest(ARRAY[
    a.aggtransfn::oid, a.aggfinalfn::oid, a.aggcombinefn::oid, a.aggserialfn::oid, a.aggdeserialfn::oid,
    a.aggmtransfn::oid, a.aggminvtransfn::oid, a.aggmfinalfn::oid]) u(part)
  WHERE a.aggfnoid::oid >= 16384 AND u.part <> 0`;

/**
 * Functions that run when a value becomes one of a type, or stops being one: of domains' checks, and of casts. Whatever is
 * made of such a type (arrays, rows, ranges, other domains) runs them too.
 */
const typeCalls = `WITH RECURSIVE called(type, fn) AS (
    SELECT x.contypid, d.refobjid FROM pg_constraint x JOIN ${depends("pg_constraint", "pg_proc")} WHERE x.contypid <> 0
    UNION SELECT x.contypid, f.oid FROM pg_constraint x ${volatileIn("x.conbin")} WHERE x.contypid <> 0
    UNION SELECT c.castsource, c.castfunc FROM pg_cast c WHERE c.oid >= 16384 AND c.castfunc <> 0
    UNION SELECT c.casttarget, c.castfunc FROM pg_cast c WHERE c.oid >= 16384 AND c.castfunc <> 0),
  holds(whole, part) AS (
    SELECT t.oid, t.typelem FROM pg_type t WHERE t.typelem <> 0
    UNION SELECT t.oid, t.typbasetype FROM pg_type t WHERE t.typbasetype <> 0
    UNION SELECT t.oid, a.atttypid FROM pg_type t JOIN pg_attribute a ON a.attrelid = t.typrelid
      WHERE t.typrelid <> 0 AND a.attnum > 0 AND NOT a.attisdropped
    UNION SELECT r.rngtypid, r.rngsubtype FROM pg_range r),
  runs(type, fn) AS (SELECT type, fn FROM called UNION SELECT h.whole, r.fn FROM runs r JOIN holds h ON h.part = r.type)`;

/** Whether values go in and out by the very functions of text, as those of citext do: then any text is one of them. */
const asText = `NOT EXISTS (SELECT FROM (VALUES (t.typinput::oid, 'textin'), (t.typoutput::oid, 'textout'), (t.typreceive::oid, 'textrecv'),
    (t.typsend::oid, 'textsend')) u(fn, means) LEFT JOIN pg_proc p ON p.oid = u.fn
    LEFT JOIN pg_language l ON l.oid = p.prolang AND l.lanname = 'internal'
    WHERE l.oid IS NULL OR p.prosrc <> u.means)`;

/** Types that users made, rows of tables only where something runs; and whatever else something runs for. */
export const typesQuery = `${typeCalls}
  SELECT t.oid, n.nspname, t.typname, r.fn, ${asText} FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN runs r ON r.type = t.oid LEFT JOIN pg_class c ON c.oid = t.typrelid
  WHERE r.fn IS NOT NULL OR (t.oid >= 16384 AND ${outside("n")} AND t.typelem = 0 AND (c.oid IS NULL OR c.relkind = 'c'))`;

export const systemTypesQuery = `SELECT t.typname FROM pg_type t WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.oid < 16384
  AND t.typtype <> 'c' AND t.typcategory <> 'A'`;

/** Of aggregates, and of functions whose parameters or results are of types that run something. */
export const functionCallsQuery = `${typeCalls} ${aggregateParts}
  UNION SELECT p.oid, r.fn FROM pg_proc p
  CROSS JOIN LATERAL pg_catalog.unnest(p.proargtypes::oid[] || p.prorettype || COALESCE(p.proallargtypes, '{}')) u(type)
  JOIN runs r ON r.type = u.type WHERE p.oid >= 16384`;

export const implicitCastsQuery = `SELECT DISTINCT c.castfunc FROM pg_cast c
  WHERE c.oid >= 16384 AND c.castfunc <> 0 AND c.castcontext <> 'e'`;

export const closedSchemasQuery = `SELECT n.nspname FROM pg_namespace n
  WHERE ${outside("n")} AND NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE')`;
