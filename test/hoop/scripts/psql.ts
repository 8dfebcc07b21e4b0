/** One row with a value of every type that the server has of itself, and arrays of them. */
export const everyType = String.raw`select true b, '-32768'::int2, 2147483647::int4, '-9223372036854775808'::int8, 1.5::float4, 'NaN'::float8, '-Infinity'::float8 inf, 123456789.000100::numeric, 'NaN'::numeric nnan,
  'a'::"char", 'b'::char(5), 'c'::varchar(9), E'tab\tline\nback\\slash é 漢 😀'::text, 'n'::name, '\x00ff00'::bytea, '' empty, null nil,
  date '2024-02-29', 'infinity'::date dinf, date '0044-03-15 BC' bc, time '23:59:59.999999', '12:00:00+05:30'::timetz, timestamp '1999-12-31 23:59:59.5', timestamptz '2024-06-01 12:00+02', interval '1 year 2 mons -3 days 04:05:06.7',
  '00000000-0000-4000-8000-00000000000f'::uuid, '{"a": [1, null]}'::json, '{"b": {"c": 1.50}}'::jsonb, '$.a[*] ? (@ > 1)'::jsonpath, '<x>y</x>'::xml,
  inet '10.1.2.3/24', cidr '2001:db8::/32', macaddr '08:00:2b:01:02:03', macaddr8 '08:00:2b:01:02:03:04:05', B'101', B'1011'::varbit(7), 12.34::money, 26::oid, 'pg_class'::regclass, 'int4'::regtype, '1'::xid, '2'::cid, '(3,4)'::tid, '16/B374D848'::pg_lsn,
  point '(1,2)', '{1,2,3}'::line, lseg '[(0,0),(1,1)]', box '(2,2),(0,0)', path '((0,0),(1,1))', polygon '((0,0),(1,0),(1,1))', circle '<(1,2),3>', to_tsvector('simple', 'fat cat'), 'fat & !rat'::tsquery,
  int4range(1, 5), numrange(null, 7.5, '(]'), tstzrange('2024-01-01 00:00Z', '2024-01-02 00:00Z'), '{[1,3),[5,7)}'::int4multirange, 'happy'::mood, 7::score, row(1, 'x')::pair, row(1, null, 'y') anon,
  array[1, null, 3], '[-1:0]={5,6}'::int[] bounds, array[[1, 2], [3, 4]] matrix, array['a,b', '"q"', '\', null, ''] texts, array['\x00'::bytea] byteas, array[true, false] bools, array[1.5::numeric], array[now() - now()] intervals,
  array[row(1, 'x')::pair] pairs, array['sad'::mood] moods, array[int4range(1, 2)] ranges, '{}'::text[] nothing`;

/** What a person does in psql: what it shows must not depend on what is in between. */
export const psqlScript = String.raw`\set VERBOSITY verbose
select * from people order by id limit 5;
\d people
\d+ big_spenders
\l app
begin; insert into sink select * from people where id < 4; select count(*) from sink; savepoint one; delete from sink; rollback to one; select count(*) from sink; rollback; select count(*) from sink;
select 1/0;
insert into strict values (1, 11);
\errverbose
insert into strict values (1, 1, -1);
selec 1;
\copy people to 'people.txt'
\copy sink from 'people.txt'
\copy people to 'people.csv' csv header
\copy people to 'people.bin' binary
select count(*) || '|' || sum(id) as "text" from sink \g (format=unaligned tuples_only=on)
truncate sink;
\copy sink from 'people.csv' csv header
select count(*) || '|' || sum(id) as "csv" from sink \g (format=unaligned tuples_only=on)
truncate sink;
\copy sink from 'people.bin' binary
select count(*) || '|' || sum(id) as "binary" from sink \g (format=unaligned tuples_only=on)
\copy (select id, name from people where id < 3) to stdout with csv header
\copy sink from 'missing.out'
copy sink from stdin;
1	not enough
\.
select 'still here';
select 3 as three \gset
select :three;
select; select from none;
\set FETCH_COUNT 100
select count(*) over (), id from people order by id limit 250;
\set FETCH_COUNT 0
prepare p as select name from people where id = $1; execute p(7); deallocate p;
select $1::int + $2::int as bound \bind_does_not_exist_in_15
do $$ begin raise notice 'from %', current_database() using hint = 'none', detail = 'much', errcode = '01007'; raise warning 'second'; end $$;
do $$ begin raise exception 'own' using errcode = 'P0999', table = 'people', column = 'name', datatype = 'text', constraint = 'c', schema = 'public'; end $$;
select length(repeat('x', 3000000)), repeat('y', 20000);
listen news; notify news, 'hello'; select 1;
explain (costs off) select * from people where id = 1;
begin; declare c cursor for select id from people order by id; fetch 3 from c; move 10 from c; fetch backward 2 from c; close c; commit;
set search_path = pg_catalog; select relname from pg_class where oid = 'pg_class'::regclass; reset search_path;
\encoding LATIN1
select 'é', octet_length('é');
\encoding UTF8
create temp table t as select 1 as a; alter table t add b int default 2; select * from t; drop table t;
\timing on
select 'timed';
`;
