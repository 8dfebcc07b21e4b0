/** What desktop tools ask when a person opens a database, a table, a role or a property page in them: each a shape of its own. */
export const toolQueries: readonly string[] = `
select string_agg(word, ',' order by word) from pg_catalog.pg_get_keywords() where word <> all ('{select,from,where}'::text[]);
select x.word, x.catdesc from pg_get_keywords() x where x.catcode = 'R' order by x.word limit 5;
select db.oid, db.* from pg_catalog.pg_database db where datallowconn and not datistemplate or db.datname = 'app' order by db.datname;
select n.oid, n.*, d.description from pg_catalog.pg_namespace n left outer join pg_catalog.pg_description d on d.objoid = n.oid and d.objsubid = 0 and d.classoid = 'pg_namespace'::regclass order by nspname;
select t.oid, t.*, c.relkind, format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name, d.description from pg_catalog.pg_type t left outer join pg_catalog.pg_type et on et.oid = t.typelem left outer join pg_catalog.pg_class c on c.oid = t.typrelid left outer join pg_catalog.pg_description d on t.oid = d.objoid where t.typname is not null and (c.relkind is null or c.relkind = 'c') and (et.typcategory is null or et.typcategory <> 'C') order by t.oid limit 50;
select c.oid, c.*, d.description, pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr, pg_catalog.pg_get_partkeydef(c.oid) as partition_key from pg_catalog.pg_class c left outer join pg_catalog.pg_description d on d.objoid = c.oid and d.objsubid = 0 and d.classoid = 'pg_class'::regclass where c.relnamespace = 'public'::regnamespace and c.relkind not in ('i', 'I', 'c') order by c.oid;
select c.relname, a.*, pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value, dsc.description, dep.objid from pg_catalog.pg_attribute a inner join pg_catalog.pg_class c on (a.attrelid = c.oid) left outer join pg_catalog.pg_attrdef ad on (a.attrelid = ad.adrelid and a.attnum = ad.adnum) left outer join pg_catalog.pg_description dsc on (c.oid = dsc.objoid and a.attnum = dsc.objsubid) left outer join pg_depend dep on dep.refobjid = a.attrelid and dep.deptype = 'i' and dep.refobjsubid = a.attnum and dep.classid = dep.refclassid where not a.attisdropped and c.relname = 'customers' order by a.attnum;
select c.oid, c.*, t.relname as tabrelname, rt.relnamespace as refnamespace, d.description, pg_catalog.pg_get_constraintdef(c.oid) as definition from pg_catalog.pg_constraint c inner join pg_catalog.pg_class t on t.oid = c.conrelid left outer join pg_catalog.pg_class rt on rt.oid = c.confrelid left outer join pg_catalog.pg_description d on d.objoid = c.oid and d.objsubid = 0 and d.classoid = 'pg_constraint'::regclass where t.relname in ('customers', 'orders') order by c.oid;
select i.*, i.indkey as keys, c.relname, c.relam, tc.relname as tabrelname, pg_catalog.pg_get_expr(i.indpred, i.indrelid) as pred_expr, pg_catalog.pg_get_expr(i.indexprs, i.indrelid, true) as expr, pg_catalog.pg_relation_size(i.indexrelid) as size, pg_catalog.pg_stat_get_numscans(i.indexrelid) as scans from pg_catalog.pg_index i inner join pg_catalog.pg_class c on c.oid = i.indexrelid inner join pg_catalog.pg_class tc on tc.oid = i.indrelid where tc.relname = 'customers' order by c.relname;
select c.oid, pg_catalog.pg_total_relation_size(c.oid) as total_rel_size, pg_catalog.pg_relation_size(c.oid) as rel_size from pg_class c where c.relnamespace = 'public'::regnamespace order by 1;
select p.oid, p.*, l.lanname, d.description, pg_catalog.pg_get_function_arguments(p.oid), pg_catalog.pg_get_functiondef(p.oid) from pg_catalog.pg_proc p left join pg_catalog.pg_language l on p.prolang = l.oid left join pg_catalog.pg_description d on d.objoid = p.oid where p.pronamespace = 'public'::regnamespace and p.prokind = 'f' order by p.oid;
select x.oid, x.*, p.relname as tabname from pg_catalog.pg_trigger x join pg_catalog.pg_class p on p.oid = x.tgrelid where not x.tgisinternal order by 1;
select e.oid, cfg.tbls, n.nspname as schema_name, e.* from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace left join lateral (select string_agg(nc.nspname || '.' || c.relname, ',') as tbls from unnest(e.extconfig) x (oid) join pg_catalog.pg_class c on c.oid = x.oid join pg_catalog.pg_namespace nc on nc.oid = c.relnamespace) cfg on true order by e.oid;
select x.name, x.default_version, x.comment from pg_available_extensions() x where x.name = 'plpgsql';
select e.name, e.installed_version from pg_catalog.pg_available_extensions e where e.name = 'plpgsql';
select a.oid, a.*, pd.description from pg_catalog.pg_roles a left join pg_catalog.pg_shdescription pd on a.oid = pd.objoid where a.rolname in ('reader', 'ada_reads') order by a.rolname;
select r.rolname as role, m.rolname as member, am.admin_option from pg_catalog.pg_auth_members am join pg_catalog.pg_roles r on r.oid = am.roleid join pg_catalog.pg_roles m on m.oid = am.member where m.rolname !~ '^(pg|hoop)_' order by 1, 2;
select acl.grantor, acl.grantee, acl.privilege_type, acl.is_grantable from pg_catalog.pg_class c, aclexplode(c.relacl) acl where c.relname = 'customers' order by 1, 2, 3;
select coalesce(gt.rolname, 'PUBLIC') as grantee, g.rolname as grantor, array_agg(d.privilege_type order by d.privilege_type) as privileges, array_agg(d.is_grantable) as grantable from (select (e).grantee as grantee, (e).grantor as grantor, (e).is_grantable as is_grantable, case (e).privilege_type when 'SELECT' then 'r' when 'UPDATE' then 'w' else '?' end as privilege_type from (select aclexplode(rel.relacl) as e from pg_catalog.pg_class rel where rel.relname = 'customers') a) d left join pg_catalog.pg_roles g on d.grantor = g.oid left join pg_catalog.pg_roles gt on d.grantee = gt.oid group by g.rolname, gt.rolname order by 1;
select a.attname, (aclexplode(a.attacl)).* from pg_attribute a where a.attrelid = 'orders'::regclass order by 1;
select s.srvname, o.option_name, o.option_value from pg_catalog.pg_foreign_server s, pg_catalog.pg_options_to_table(s.srvoptions) o;
select s.srvname, array(select quote_ident(option_name) || ' ' || quote_literal(option_value) from pg_catalog.pg_options_to_table(s.srvoptions)) from pg_catalog.pg_foreign_server s;
select opts.option_name from pg_catalog.pg_foreign_table ft cross join lateral pg_options_to_table(ft.ftoptions) as opts;
select um.umid, um.srvname, um.usename from pg_catalog.pg_user_mappings um order by 1;
select t.relid::regclass, t.parentrelid::regclass, t.isleaf, t.level from pg_partition_tree('events') t;
select a.relid::regclass from pg_partition_ancestors('events_1') as a;
select s.name, s.setting, s.category from pg_catalog.pg_settings s where s.name = 'work_mem';
select s.name, s.setting from pg_show_all_settings() s where s.name in ('work_mem', 'DateStyle') order by 1;
select unnest(setconfig) as c from pg_catalog.pg_db_role_setting s join pg_catalog.pg_roles r on r.oid = s.setrole where r.rolname = 'reader';
select k.n, k.x, a.attname from pg_catalog.pg_index i, information_schema._pg_expandarray(i.indkey) k, pg_catalog.pg_attribute a where a.attrelid = i.indrelid and a.attnum = k.x and i.indrelid = 'customers'::regclass order by i.indexrelid, k.n;
select tmp.trueindexname, (tmp.keys).n as ordinal, pg_get_indexdef(tmp.oid, (tmp.keys).n, false) as col from (select ci.oid, ci.relname as trueindexname, information_schema._pg_expandarray(i.indkey) as keys from pg_class ct join pg_index i on ct.oid = i.indrelid join pg_class ci on ci.oid = i.indexrelid where ct.relname = 'customers') tmp order by 1, 2;
select con.conname, u.attnum, u.pos, a.attname from pg_catalog.pg_constraint con cross join lateral unnest(con.conkey) with ordinality as u(attnum, pos) join pg_catalog.pg_attribute a on a.attrelid = con.conrelid and a.attnum = u.attnum where con.conrelid = 'orders'::regclass order by 1, 3;
select cl.relname, st.seq_scan, st.n_live_tup from pg_catalog.pg_class cl join pg_catalog.pg_stat_all_tables st on st.relid = cl.oid where cl.relname = 'addresses';
select s.start_value, s.increment, s.cycle_option from pg_sequence_parameters('orders_id_seq'::regclass) s;
select i.type, i.schema, i.name, i.identity from pg_identify_object('pg_class'::regclass, 'customers'::regclass, 0) i;
select z.abbrev from pg_timezone_names() z where z.name = 'UTC';
select t.alias, t.description from ts_token_type('default') t order by t.tokid limit 3;
select d.alias, d.token from ts_debug('english', 'two words') d;
select l.locktype, l.mode from pg_lock_status() l where l.relation = 'customers'::regclass;
select a.backend_type from pg_stat_get_activity(null) a where a.backend_type = 'checkpointer';
select p.relid::regclass::text as relation from pg_get_publication_tables('changes') p;
select m.name from pg_config() m where m.name = 'VERSION';
select oid, typname from pg_type where typname in (select unnest(array['int4', 'text'])) order by oid;
select table_schema, table_name, column_name, data_type from information_schema.columns where table_name = 'customers' order by ordinal_position;
select constraint_name, column_name from information_schema.key_column_usage where table_name = 'customers' order by 1, 2;
select c.id, c.name, e.key, e.value from customers c, jsonb_each('{"a": 1}') e;
select c.id, x.value from customers c, jsonb_array_elements_text('["a", "b"]') x where x.value <> 'b';
select c.id, t.a from customers c, json_to_record('{"a": 1}') as t(a int);
select c.name, g.n from customers c, generate_series(1, 2) as g(n) order by g.n;
select c.name, m.parts[1] from customers c, regexp_matches(c.name, 'a(n)') as m(parts);
select c.name, x.n, x.label from customers c, counted(2) x order by x.n;
select x.label, x.* from counted(2) x join customers c on c.id = x.n;
select e.element from customers c, elements_of(c.id) e;
select k.*, c.name from customers c, pg_get_keywords() k where k.word = 'select';
`
  .trim()
  .split(/;\n?/)
  .filter((query) => query !== "");

/** The same columns over a value that is masked: none of these may show it. */
export const overMasked: readonly string[] = [
  "select x.value from customers c, jsonb_array_elements_text(to_jsonb(array[c.email])) x",
  "select x from customers c, jsonb_array_elements_text(to_jsonb(array[c.email])) x",
  "select e.key, e.value from customers c, jsonb_each(jsonb_build_object('a', c.email)) e",
  "select e.* from customers c, jsonb_each_text(jsonb_build_object('a', c.email)) e",
  "select t.a from customers c, jsonb_to_record(jsonb_build_object('a', c.email)) as t(a text)",
  "select m.parts[1] from customers c, regexp_matches(c.email, '(.*)') as m(parts)",
  "select o.option_name, o.option_value from customers c, pg_options_to_table(array['a=' || c.email]) o",
  "select o.option_name from customers c, lateral (select * from pg_options_to_table(array[c.email || '=b'])) o",
  "select k.x from customers c, information_schema._pg_expandarray(array[c.email]) k",
  "select (k).x from (select information_schema._pg_expandarray(array[c.email]) as k from customers c) s",
  "select d.token from customers c, ts_debug('simple', c.email) d",
  "select u.name, u.x from customers c, unnest(array[c.name], array[c.email]) u(name, x)",
  "select s.mail from mails() s",
  "select s.* from mails() s",
  "select s.a from mails() as s(a)",
  "select mails from mails()",
];
