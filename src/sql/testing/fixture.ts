import type { Catalogue, CatalogueFunction, CatalogueRelation } from "../../vocabulary/index.js";
import type { SqlAnalysis, SqlContext } from "../analyser.js";
import type { SqlLimits } from "../limits.js";
import { type Analysed, analysePostgres } from "../postgres/analyse.js";
import { loadPostgresParser } from "../postgres/parser.js";

type Relation = Pick<CatalogueRelation, "id" | "name"> &
  Partial<Omit<CatalogueRelation, "columns">> & { columns: string[] };
type Routine = Pick<CatalogueFunction, "id" | "name"> & Partial<CatalogueFunction>;

export function relation({ columns, ...given }: Relation): CatalogueRelation {
  return {
    schema: "public",
    kind: "table",
    parents: [],
    reads: [],
    definition: null,
    triggers: [],
    calls: [],
    ...given,
    columns: columns.map((name, at) => ({ number: at + 1, name, typeId: 25 })),
  };
}

export function routine(given: Routine): CatalogueFunction {
  return {
    schema: "public",
    kind: "function",
    language: "sql",
    volatility: "volatile",
    securityDefiner: false,
    body: null,
    ...given,
  };
}

export const customers = 1;
export const orders = 2;
export const mails = 3;
export const events = 4;
export const eventsJune = 5;
export const people = 6;
export const vault = 7;
export const salaries = 8;

/** A small shop: `customers.email` and `customers.ssn` are what nobody should see. */
export const shop: Catalogue = {
  key: "shop",
  version: "1",
  serverVersion: 150018,
  role: "ann",
  superuser: false,
  searchPath: ["public"],
  relations: [
    relation({ id: customers, name: "customers", columns: ["id", "name", "email", "ssn"] }),
    relation({ id: orders, name: "orders", columns: ["id", "customer_id", "note"], triggers: [20] }),
    relation({
      id: mails,
      name: "mails",
      kind: "view",
      columns: ["customer", "mail"],
      reads: [customers],
      definition: " SELECT customers.id AS customer, lower(customers.email) AS mail FROM customers;",
    }),
    relation({ id: events, name: "events", kind: "partitioned", columns: ["at", "who", "email"] }),
    relation({ id: eventsJune, name: "events_june", parents: [events], columns: ["at", "who", "email"] }),
    relation({
      id: people,
      name: "people",
      kind: "view",
      columns: ["customer", "mail", "shout"],
      reads: [mails],
      definition: " SELECT mails.customer, mails.mail, upper(mails.mail) FROM mails;",
    }),
    relation({ id: vault, schema: "private", name: "customers", columns: ["id", "secret"] }),
    relation({ id: salaries, name: "salaries", columns: ["id", "amount"], calls: [21] }),
  ],
  functions: [
    routine({ id: 10, name: "wipe", body: "delete from orders; select 1" }),
    routine({
      id: 11,
      name: "mail_of",
      language: "plpgsql",
      volatility: "stable",
      body: "declare r text; begin select email into r from customers where id = p_id; total := 1; return r; end",
    }),
    routine({ id: 12, name: "dynamic", language: "plpgsql", body: "begin execute 'drop table ' || p; end" }),
    routine({ id: 13, name: "loop_a", body: "select loop_b()" }),
    routine({ id: 14, name: "loop_b", body: "select loop_a()" }),
    routine({ id: 15, name: "compiled", language: "c", volatility: "immutable" }),
    routine({ id: 16, name: "compiled_volatile", language: "c" }),
    routine({
      id: 17,
      name: "stored",
      kind: "procedure",
      language: "plpgsql",
      body: "begin update orders set note = p where id = 1; end",
    }),
    routine({ id: 18, name: "python", language: "plpython3u", body: "plpy.execute('drop table x')" }),
    routine({ id: 19, name: "mail_list", volatility: "stable", body: "select email from customers where name = $1" }),
    routine({
      id: 20,
      name: "on_order",
      language: "plpgsql",
      body: "begin insert into events(who) values (new.note); execute 'x'; return new; end",
    }),
    routine({
      id: 21,
      name: "may_see",
      language: "plpgsql",
      volatility: "stable",
      body: "begin return exists (select 1 from customers where id = 1); end",
    }),
    routine({ id: 22, name: "now", schema: "sneaky", body: "delete from orders" }),
    routine({ id: 23, name: "pathless", body: "select secret from customers", settings: ["search_path=private"] }),
    routine({ id: 24, name: "standard", body: "BEGIN ATOMIC\n DELETE FROM orders WHERE id = 1;\n SELECT 1;\nEND" }),
    routine({
      id: 25,
      name: "shouts",
      language: "plpgsql",
      body: "declare v text; begin select ssn into v from customers; raise notice '%', v; end",
    }),
    routine({
      id: 26,
      name: "copies",
      language: "plpgsql",
      body: "declare v text; begin select ssn into v from customers; insert into orders(note) values (v); end",
    }),
    routine({ id: 27, name: "dblink", language: "c" }),
    routine({ id: 28, name: "nothing", body: "" }),
  ],
  systemFunctions: {
    immutable:
      `lower upper length row_to_json to_json count sum min max avg string_agg array_agg json_agg json_build_object concat md5 hashtext
      substr abs generate_series unnest jsonb_build_object coalesce_dummy int4 text regexp_replace format
      first_value last_value nth_value lag lead mode any_value json_each_text json_array_elements_text regexp_matches json_to_record
      aclexplode`
        .trim()
        .split(/\s+/),
    stable: [
      "now",
      "current_setting",
      "pg_get_viewdef",
      "to_char",
      "jsonb_populate_record",
      "pg_table_is_visible",
      "format_type",
      "pg_get_keywords",
      "pg_stat_get_activity",
    ],
    volatile:
      `random nextval setval currval set_config pg_sleep query_to_xml pg_notify lo_import lo_export lo_from_bytea pg_read_file pg_ls_dir
      pg_terminate_backend pg_advisory_lock pg_reload_conf pg_relation_size clock_timestamp something_new pg_logical_slot_get_changes
      database_to_xml ts_stat pg_stat_file`
        .trim()
        .split(/\s+/),
  },
  systemFunctionColumns: [
    { schema: "pg_catalog", name: "json_each_text", columns: ["key", "value"] },
    { schema: "pg_catalog", name: "json_array_elements_text", columns: ["value"] },
    { schema: "pg_catalog", name: "json_to_record", columns: null },
    { schema: "pg_catalog", name: "jsonb_populate_record", columns: null },
    { schema: "pg_catalog", name: "unnest", columns: null },
    { schema: "pg_catalog", name: "aclexplode", columns: ["grantor", "grantee", "privilege_type", "is_grantable"] },
    { schema: "pg_catalog", name: "pg_get_keywords", columns: ["word", "catcode", "barelabel", "catdesc", "baredesc"] },
    { schema: "pg_catalog", name: "pg_stat_get_activity", columns: ["pid", "query"] },
    { schema: "information_schema", name: "_pg_expandarray", columns: ["x", "n"] },
  ],
};

export const atPublic: SqlContext = {
  database: "shop",
  role: "ann",
  searchPath: null,
  settings: { standard_conforming_strings: "on", client_encoding: "UTF8" },
  prepared: null,
};

// Unit tests read in their own thread, a fresh one for each file; a gateway never does.
const parser = await loadPostgresParser();

export interface Given {
  readonly context?: Partial<SqlContext>;
  readonly catalogue?: Catalogue;
  readonly limits?: SqlLimits;
}

export function analysed(text: string, given: Given = {}): Analysed {
  return analysePostgres(text, { ...atPublic, ...given.context }, given.catalogue ?? shop, parser, given.limits);
}

export function analyse(text: string, given: Given = {}): SqlAnalysis {
  return analysed(text, given).analysis;
}

/** `public.customers.email computed`, sorted: what a statement does with columns, for people who read tests. */
export function columnsOf(text: string, given: Given = {}): string[] {
  const relations = new Map((given.catalogue ?? shop).relations.map((each) => [each.id, each.name]));
  return analyse(text, given)
    .columns.map(({ relation: id, name, use }) => `${id === null ? "?" : relations.get(id)}.${name} ${use}`)
    .sort();
}

export function list(analysis: SqlAnalysis, attribute: "noWhere" | "utility" | "escapes"): readonly string[] {
  return analysis.attributes[attribute] as readonly string[];
}
