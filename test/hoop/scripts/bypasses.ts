/**
 * Each trick that ever fooled a mask, or might. A trick is one or more statements; run as they stand, the target answers
 * with what `email` of `customers` holds, in some form. The list only grows.
 */
export interface Trick {
  readonly name: string;
  readonly sql: readonly string[];
  /** The answer itself is the value, in a form that is not its bytes: it must not be the target's own answer. */
  readonly derived?: boolean;
}

const one = (sql: string, derived = false): Trick => ({ name: sql.replace(/\s+/g, " ").slice(0, 110), sql: [sql], derived });
const some = (...sql: string[]): Trick => ({ name: sql.join("; ").replace(/\s+/g, " ").slice(0, 110), sql });

export const tricks: readonly Trick[] = [
  // Expressions.
  ...[
    "email", "upper(email)", "email || ''", "email::varchar(80)", "email::name", "email::bytea", "email::char(90)", 'email collate "C"', "lower(trim(email))", "substring(email from 1 for 60)", "left(email, 70)",
    "overlay(email placing 'x' from 1)", "replace(email, '@', ' ')", "translate(email, '@', '#')", "format('%s', email)", "concat(email, 1)", "concat_ws(',', name, email)", "quote_literal(email)", "quote_ident(email)", "coalesce(email, '')",
    "nullif(email, '')", "greatest(email, '')", "least(email, '~')", "case when true then email end", "case email when 'x' then '' else email end", "(array[email])[1]", "array[name, email]", "row(id, email)", "row(email)::text", "c", "c::text", "(c).email", "c.*::text",
    "row_to_json(c)", "to_jsonb(c)", "to_json(c)->>'email'", "json_build_object('a', email)", "json_build_array(email)", "jsonb_build_object(email, 1)", "xmlforest(email)", "xmlelement(name a, email)", "xmlconcat(xmlelement(name a, email))",
    "to_tsvector('simple', email)", "encode(email::bytea, 'hex')", "encode(email::bytea, 'base64')", "reverse(email)", "regexp_matches(email, '.*')", "regexp_replace(email, 'x', 'y')", "regexp_split_to_table(email, '@')", "string_to_array(email, '@')",
    "string_to_table(email, '@')", "split_part(email, '@', 1)", "unnest(array[email])", "unistr(email)", "normalize(email)", "convert_to(email, 'LATIN1')", "first_value(email) over ()", "lag(email) over (order by id)", "array_agg(email) over ()",
    "pg_catalog.textcat(email, '')", "(select c.email)", "(select max(x) from (values (c.email)) v(x))", "jsonb_path_query(to_jsonb(c), '$.email')", "(jsonb_each_text(to_jsonb(c))).value", "repeat(email, 2)", "lpad(email, 80)", "'' || c",
  ].map((expression) => one(`select ${expression} from customers c where id = 1`)),
  // The value as another value.
  ...["hashtext(email)", "md5(email)", "sha256(email::bytea)", "ascii(substr(email, 3, 1))", "length(email)", "position('q' in email)", "email < 'm'", "email like 'a-z%'", "strpos(email, 'c')", "crc.n from (select c2.id, octet_length(c2.email) n from customers c2) crc join customers", "hashtextextended(email, 0)", "bit_length(email)"].map((expression) =>
    one(expression.startsWith("crc") ? "select crc.n from (select c2.id, octet_length(c2.email) as n from customers c2) crc where id = 1" : `select ${expression} from customers where id = 1`, true),
  ),
  one("select generate_series(1, ascii(email)) from customers where id = 1 limit 200", true),
  // Aggregates.
  ...["array_agg(email)", "string_agg(email, ',')", "min(email)", "max(email)", "json_agg(email)", "jsonb_agg(c)", "json_object_agg(id, email)", "jsonb_object_agg(email, id)", "percentile_disc(0.5) within group (order by email)", "mode() within group (order by email)", "xmlagg(xmlelement(name a, email))", "array_agg(c)", "(array_agg(c))[1].email", "max(email) filter (where id > 1)"].map(
    (expression) => one(`select ${expression} from customers c`),
  ),
  // Shapes of a query.
  ...[
    "table customers", "select * from customers", "select id, *, email, email as harmless from customers", "select * from customers as t(a, b, c, d, e, f)", "select email as name from customers", "select c.* from customers c", "select distinct email from customers", "select email from only customers",
    "with x as (select email as y from customers) select y from x", "with recursive x(n, v) as (select 1, email from customers where id = 1 union all select n + 1, v from x where n < 3) select v from x", "with x as materialized (select * from customers) select x from x",
    "select name from customers union select email from customers", "select email from customers intersect select email from customers", "select null union all select email from customers", "select l.e from customers c, lateral (select c.email as e) l",
    "select x.y from (select email y from customers) x", "select (x).email from (select customers x from customers) s", "values ((select email from customers where id = 1))", "select (select email from customers where id = 1)", "select array(select email from customers)", "select exists_row.* from (select * from customers) exists_row",
    "select email from customers tablesample system (100)", "select a.email from customers a join customers b using (email)", "select email from customers natural join (select email from customers) s", "select email from customers group by email", "select count(*), email from customers group by rollup(email)",
    "select email from customers order by id limit 1 for update", "select * from customers_view", "select e from customers_view", "select upper(e) from customers_view", "select * from customers_materialized", "select * from f_emails()", "select f_email(1)", "select (f_row(1)).*", "select (f_row(1)).email", "select f_row(1)::text", "select f_dynamic('email')", "select * from rows from (f_emails(), generate_series(1, 2))",
    "select f_definer(1)", "select email from customers_child", "select * from customers_part", "select email from customers_part_1", "select p.mail_to from renamed p", "select * from customers where email = 'x' or f_raise(email)", "select ~~~email from customers", "select email from customers window w as (order by email)", "select string_agg(e, ',') from customers_view",
    "select (json_populate_record(null::customers, row_to_json(c))).email from customers c", "select (jsonb_to_record(to_jsonb(c))).* from customers c", "select x.email from jsonb_to_recordset((select jsonb_agg(c) from customers c)) as x(email text)", "select j.email from customers c, json_table_is_not_in_15 j", "select * from xmltable('//email' passing (select xmlelement(name r, xmlagg(xmlforest(email))) from customers) columns e text path '.')",
  ].map((sql) => one(sql)),
  // Errors, notices, plans and statistics that quote it.
  ...[
    "select email::int from customers", "select email::date from customers", "select email::json from customers", "select ('{' || email)::jsonb from customers", "select email::inet from customers", "select cast(email as uuid) from customers", "select to_number(email, email) from customers", "select ('x' || email)::regclass from customers", "select email::regproc from customers",
    "select xmlparse(document email) from customers", "select email::xml from customers", "select chr(email::int) from customers", "select make_date(1, 1, email::int) from customers", "select set_config('work_mem', email, true) from customers where id = 1", "select current_setting(email) from customers where id = 1", "select nextval(email) from customers where id = 1", "select pg_catalog.format(email) from customers",
    "update customers set level = 1000 where id = 1", "insert into customers select * from customers where id = 1", "insert into customers (id, email) select 9000 + id, email from customers where id = 1", "update customers set name = null where id = 1", "insert into customers_part select * from customers_part", "update customers set card_number = 'x' where id = 1 returning *",
    "do $$ begin raise notice '%', (select email from customers where id = 1); end $$", "do $$ begin raise exception '%', (select email from customers where id = 1); end $$", "do $$ begin perform f_raise((select email from customers where id = 1)); end $$", "do $$ begin execute 'select f_raise(email) from customers'; end $$", "do $$ declare r record; begin for r in select * from customers loop raise info '%', r; end loop; end $$",
    "explain (analyze, verbose) select * from customers where email = 'x'", "explain verbose select * from customers where email = (select email from customers where id = 2)", "explain analyze select f_raise(email) from customers", "explain select * from customers where id = f_immutable_raise()", "select most_common_vals, histogram_bounds from pg_stats where tablename = 'customers'", "select * from pg_stats", "select stavalues1::text from pg_statistic", "select * from pg_stats_ext_exprs",
    "select query from pg_stat_activity", "select * from pg_stat_get_activity(null)", "select * from pg_prepared_statements", "select * from pg_cursors", "select table_to_xml('customers', true, true, '')", "select query_to_xml('select * from customers', true, true, '')", "select cursor_to_xml('c', 10, true, true, '')", "select schema_to_xml('public', true, true, '')", "select database_to_xml(true, true, '')", "select * from ts_stat('select to_tsvector(''simple'', email) from customers')", "select ts_rewrite('a'::tsquery, 'select to_tsquery(''a''), to_tsquery(''simple'', quote_literal(email)) from customers')",
    "select * from pg_logical_slot_peek_changes('slot', null, null)", "select pg_create_logical_replication_slot('other', 'test_decoding')", "select pg_read_file('pg_hba.conf')", "select pg_read_binary_file(pg_relation_filepath('customers'))", "select chunk_data from pg_toast.pg_toast_1", "select lo_get(loid) from pg_largeobject", "select * from pg_largeobject", "select get_raw_page('customers', 0)",
  ].map((sql) => one(sql)),
  // COPY.
  ...["copy customers to stdout", "copy customers (email) to stdout", "copy customers (id, email, email) to stdout", "copy customers to stdout (format csv, header)", "copy customers to stdout (format csv, force_quote *, delimiter ';')", "copy customers to stdout (format binary)", "copy (select email from customers) to stdout", "copy (select upper(email) as e from customers) to stdout csv", "copy (select c from customers c) to stdout", "copy (table customers) to stdout (format binary)", "copy (update customers set name = name where id = 1 returning email) to stdout", "copy customers_view to stdout", "copy (select * from customers_view) to stdout", "copy customers to stdout (delimiter 'm')", "copy customers to stdout (null 'zq')", "copy customers to '/tmp/out'", "copy customers to program 'cat >&2'", "copy (select convert_to(email, 'UTF8') from customers) to stdout (encoding 'LATIN1')", "copy customers to stdout (encoding 'UTF8')", "copy customers_child to stdout", "copy customers_part_1 to stdout"].map((sql) => one(sql)),
  // Writing it elsewhere first.
  some("create temp table stolen as select email from customers", "select * from stolen"),
  some("create temp table stolen2 (e text)", "insert into stolen2 select email from customers", "select e from stolen2"),
  some("select email into temp stolen3 from customers", "table stolen3"),
  some("insert into notes (text) select email from customers", "select text from notes"),
  some("insert into notes (text) select upper(email) from customers returning text"),
  some("update notes set text = (select email from customers where id = 1) where id = 1 returning text"),
  some("update notes n set text = c.email from customers c where n.id = 1 and c.id = 1", "select text from notes"),
  some("merge into notes n using customers c on n.id = c.id when matched then update set text = c.email", "select text from notes"),
  some("update customers set name = email where id = 1", "select name from customers where id = 1"),
  some("insert into notes (text) values ((select email from customers where id = 1)) on conflict do nothing returning *"),
  some("with x as (insert into notes (text) select email from customers returning text) select text from x"),
  some("with x as (update customers set name = name where id = 1 returning email) select * from x"),
  some("delete from customers where id = 90 returning *"),
  some("insert into customers (id, name, email) values (91, 'a', 'a-zqxcanary-91@d.example') returning email"),
  some("insert into customers (id, name, email) select 92, 'b', email || 'q' from customers where id = 1 returning *"),
  some("create temp view v as select email from customers", "select * from v"),
  some("create or replace function pg_temp.f() returns text language sql as 'select email from customers limit 1'", "select pg_temp.f()"),
  some("select set_config('application_name', (select email from customers where id = 1), false)", "show application_name"),
  some("select set_config('my.value', email, false) from customers where id = 1", "select current_setting('my.value')"),
  some("listen c", "select pg_notify('c', (select email from customers where id = 1))"),
  some("listen c", "select pg_notify('c', email) from customers"),
  some("select setval('counter', (select ascii(substr(email, 3, 1)) from customers where id = 1))"),
  some("select lo_from_bytea(4711, (select email::bytea from customers where id = 1))", "select lo_get(4711)"),
  some("select pg_advisory_lock(ascii(substr(email, 3, 1))) from customers where id = 1"),
  some("select pg_logical_emit_message(false, 'a', email) from customers where id = 1"),
  some("select dblink_exec('dbname=app', 'insert into notes (text) values (' || quote_literal(email) || ')') from customers"),
  // Cursors and prepared statements.
  some("begin", "declare c cursor for select email from customers", "fetch all from c", "rollback"),
  some("begin", "declare c binary cursor for select email from customers", "fetch 2 from c", "rollback"),
  some("begin", "declare c scroll cursor for select c, upper(email) from customers c", "fetch last from c", "fetch prior from c", "rollback"),
  some("declare h cursor with hold for select email from customers", "fetch all from h", "close h"),
  some("prepare p as select email from customers where id = $1", "execute p(1)", "deallocate p"),
  some("prepare p2 as select upper(email) from customers", "explain analyze execute p2", "execute p2", "deallocate all"),
  some("begin", "declare c cursor for select * from customers", "select cursor_to_xml('c', 10, true, true, '')", "rollback"),
  some("begin", "select f_cursor('r')", "fetch all from r", "rollback"),
  // Reading it otherwise.
  some("set client_encoding to 'SJIS'", "select email from customers", "reset client_encoding"),
  some("set client_encoding to 'LATIN1'", "select email from customers", "reset client_encoding"),
  some("set search_path to other, public", "select email from customers", "reset search_path"),
  some("set search_path to pg_catalog", "select email from public.customers", "reset search_path"),
  some("set standard_conforming_strings to off", "select 'a\\', email, '' from customers; --'", "set standard_conforming_strings to on"),
  some("set bytea_output to escape", "select email::bytea from customers", "reset bytea_output"),
  some("set xmloption to content", "select xmlelement(name x, email) from customers", "reset xmloption"),
  some("begin", "set local search_path to other", "select * from customers", "rollback"),
  some("select 1; select email from customers; select 2"),
  some("begin; select email from customers; commit"),
  some('select U&"\\0065mail" from customers'),
  some('select "email" from "customers"'),
  some("select EMAIL from CUSTOMERS"),
  some("/* a */ select/**/email/**/from--x\ncustomers"),
  some("select email from public.customers"),
  some("select email from app.public.customers"),
  some("select customers.email from customers"),
  some("select public.customers.email from public.customers"),
];

/** Statements that go round every rule. None may reach the target for somebody who is no admin. */
export const hatches: readonly string[] = [
  "set role postgres", "set session authorization postgres", "set local role postgres", "set role none", "set role to default", "select set_config('role', 'postgres', false)", "select set_config('session_authorization', 'postgres', true)", "select pg_catalog.set_config('ro' || 'le', 'postgres', false)", "alter role postgres with password 'x'", "create role evil superuser", "drop role demo", "grant all on customers to public", "revoke all on customers from public", "alter system set log_statement = 'none'", "alter database app set work_mem = '1GB'", "alter user postgres set work_mem = '1GB'",
  "select pg_read_file('/etc/passwd')", 'select "pg_read_file"(\'/etc/passwd\')', "select pg_catalog.pg_read_file('/etc/passwd')", "select U&\"pg\\005fread\\005ffile\"('/etc/passwd')", "select/**/pg_read_file/**/('/etc/passwd')", "select * from pg_read_file('/etc/passwd')", "select pg_read_binary_file('/etc/passwd')", "select pg_ls_dir('/')", "select * from pg_ls_waldir()", "select * from pg_ls_logdir()", "select pg_stat_file('/etc/passwd')", "select lo_import('/etc/passwd')", "select lo_export(1, '/tmp/x')", "select pg_file_write('x', 'y', false)",
  "select dblink('dbname=app', 'select 1')", "select dblink_connect('x', 'dbname=app')", "create server s foreign data wrapper postgres_fdw", "create foreign table ft (a int) server s", "import foreign schema public from server s into public", "create user mapping for public server s", "copy customers from program 'id'", "copy notes (text) from program 'id'", "copy notes to program 'cat'", "copy notes to '/tmp/x'", "copy notes (text) from '/etc/passwd'", "load '/tmp/evil.so'", "load 'auto_explain'", "create extension dblink", "create extension if not exists plpython3u", "alter extension plpgsql update",
  "create function e() returns int language plpython3u as 'return 1'", "create function e() returns int language c as '/tmp/evil.so', 'f'", "create function e() returns int language internal as 'pg_terminate_backend'", "create function e() returns text language sql security definer as 'select 1::text'", "create language plperlu", "select pg_terminate_backend(1)", "select pg_cancel_backend(1)", "select pg_reload_conf()", "select pg_rotate_logfile()", "select pg_switch_wal()", "select pg_promote()", "select pg_create_restore_point('x')", "select pg_backup_start('x')", "select pg_create_physical_replication_slot('x')", "select pg_drop_replication_slot('slot')", "select pg_replication_origin_create('x')",
  "select query_to_xml('delete from customers where true', true, true, '')", "select database_to_xml(true, true, '')", "select xpath_table('a', 'b', 'c', 'd', 'e')", "do $$ begin execute 'drop table notes'; end $$", "do language plpgsql $$ begin delete from notes; end $$", "do $$ begin perform pg_read_file('/etc/passwd'); end $$", "call p_drop()", "select f_drop()", "vacuum full customers", "reindex table customers", "cluster customers", "lock table customers in access exclusive mode", "checkpoint", "security label on table customers is 'x'", "create publication p for all tables", "create subscription s connection 'dbname=app' publication p", "create event trigger t on ddl_command_start execute function f_trigger()", "create trigger t after insert on notes execute function f_trigger()", "create rule r as on select to notes do instead select 1", "create policy p on customers", "alter table customers disable row level security", "create cast (text as int) with inout as implicit", "create operator === (leftarg = int, rightarg = int, function = int4eq)", "create aggregate a (int) (sfunc = int4pl, stype = int)", "comment on table customers is 'x'", "create tablespace t location '/tmp'", "create database evil", "drop database app", "drop table notes", "drop table if exists customers cascade", "truncate notes", "alter table notes add column x int", "create table evil (a int)", "create index on notes (text)", "create view evil as select 1", "create or replace view customers_view as select 1", "drop owned by demo", "reassign owned by demo to postgres", "create schema evil", "alter function f_email(int) security definer", "set session_replication_role = replica", "set local_preload_libraries = 'x'", "set session_preload_libraries = 'x'",
  "delete from notes", "update notes set text = 'x'", "delete from notes using customers", "update notes set text = 'x' from customers", "with d as (delete from notes returning 1) select count(*) from d", "explain analyze delete from notes", "explain (analyze) update notes set text = 'x'", "prepare d as delete from notes", "select 1; delete from notes", "begin; delete from notes; commit", "delete from notes where true", "delete from notes where 1 = 1", "update notes set text = 'x' where not false", "delete from notes where id = id",
];

/** What the tricks stand on. Every `email` holds the canary. */
export const bypassSql = `
create role demo;
create table customers (id int primary key, name text not null, email text unique, card_number text, level int check (level < 100), born date);
insert into customers select n, 'name ' || n, 'a-zqxcanary-' || n || '@d.example', '4929' || lpad(n::text, 12, '7'), n % 90, '2000-01-01' from generate_series(1, 90) n;
create table customers_child () inherits (customers);
insert into customers_child select 1000 + id, name, 'c-' || email, card_number, level, born from only customers;
create table customers_part (id int, email text) partition by range (id);
create table customers_part_1 partition of customers_part for values from (0) to (1000000);
insert into customers_part select id, email from only customers;
create table renamed (id int, mail_to text, email text); insert into renamed select id, 'x', email from only customers;
alter table renamed rename column email to old_mail; alter table renamed rename column mail_to to email; alter table renamed rename column old_mail to mail_to; update renamed set email = mail_to; update renamed set mail_to = 'nothing';
create table notes (id int generated always as identity, text text); insert into notes (text) values ('plain');
create sequence counter;
create view customers_view as select id, email as e, upper(email) from customers;
create materialized view customers_materialized as select * from customers;
create function f_email(int) returns text language sql as 'select email from customers where id = $1';
create function f_definer(int) returns text language plpgsql security definer as 'begin return (select email from customers where id = $1); end';
create function f_emails() returns setof text language sql as 'select email from customers';
create function f_row(int) returns customers language sql as 'select * from customers where id = $1';
create function f_dynamic(text) returns text language plpgsql as 'declare r text; begin execute ''select '' || $1 || '' from customers'' into r; return r; end';
create function f_raise(text) returns boolean language plpgsql as 'begin raise notice ''it is %'', $1; return true; end';
create function f_immutable_raise() returns int language plpgsql immutable as 'begin raise notice ''it is %'', (select email from customers limit 1); return 1; end';
create function f_cursor(refcursor) returns refcursor language plpgsql as 'begin open $1 for select * from customers; return $1; end';
create function f_drop() returns int language plpgsql as 'begin drop table notes; return 1; end';
create procedure p_drop() language plpgsql as 'begin drop table notes; end';
create function f_trigger() returns trigger language plpgsql as 'begin return new; end';
create schema other; create view other.customers as select email as harmless from public.customers;
create operator ~~~ (rightarg = text, function = f_raise);
analyze;
`;

/** In transactions of their own: what a replication slot would show. */
export const bypassSlot: readonly string[] = ["select pg_create_logical_replication_slot('slot', 'test_decoding')", "insert into renamed select * from renamed where id = 1"];
