import type { Catalogue, CatalogueFunction, CatalogueRelation } from "../../src/vocabulary/index.js";
import type { PostgresServer } from "../support/postgres.js";

const relations = `
  select c.oid::int as id, n.nspname as schema, c.relname as name,
    case c.relkind when 'r' then 'table' when 'p' then 'partitioned' when 'v' then 'view' when 'm' then 'materialized'
      when 'f' then 'foreign' when 'S' then 'sequence' else 'other' end as kind,
    (select coalesce(json_agg(json_build_object('number', attnum, 'name', attname, 'typeId', atttypid::int) order by attnum), '[]')
      from pg_attribute a where a.attrelid = c.oid and attnum > 0 and not attisdropped) as columns,
    (select coalesce(json_agg(inhparent::int), '[]') from pg_inherits where inhrelid = c.oid) as parents,
    (select coalesce(json_agg(distinct d.refobjid::int), '[]') from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass
      and d.objid = r.oid and d.refclassid = 'pg_class'::regclass and d.refobjid <> c.oid where r.ev_class = c.oid) as reads,
    case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end as definition,
    (select coalesce(json_agg(tgfoid::int), '[]') from pg_trigger where tgrelid = c.oid and not tgisinternal) as triggers,
    '[]'::json as calls
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_'`;

const functions = `
  select p.oid::int as id, n.nspname as schema, p.proname as name,
    case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' when 'w' then 'window' else 'function' end as kind,
    l.lanname as language, case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end as volatility,
    p.prosecdef as "securityDefiner",
    case when l.lanname in ('sql', 'plpgsql') then coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) end as body
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
  where n.nspname not in ('pg_catalog', 'information_schema')`;

/** What the tests of this folder need of a server's catalogue. */
export async function readCatalogue(server: PostgresServer): Promise<Catalogue> {
  const rows = async (sql: string) => (await server.query(sql)).rows;
  const named = async (volatility: string) =>
    (
      await rows(
        `select distinct proname from pg_proc where pronamespace = 'pg_catalog'::regnamespace and provolatile = '${volatility}'`,
      )
    ).map((row: { proname: string }) => row.proname);
  return {
    key: "real",
    version: "1",
    serverVersion: 150000,
    relations: (await rows(relations)) as CatalogueRelation[],
    functions: (await rows(functions)) as CatalogueFunction[],
    systemFunctions: { immutable: await named("i"), stable: await named("s"), volatile: await named("v") },
    searchPath: ["public"],
    role: server.user,
    superuser: true,
    operators: [],
  };
}
