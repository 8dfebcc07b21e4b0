export const psycopg2Script = String.raw`
import psycopg2, psycopg2.errors, io
c = psycopg2.connect("")
k = c.cursor()
k.execute("select id, name, born, data, raw from people where id < %s order by id", (4,))
print([(a, b, str(d), e, bytes(f)) for a, b, d, e, f in k])
n = c.cursor("named"); n.itersize = 50; n.execute("select id from people order by id"); print(sum(r[0] for r in n)); n.close()
n = c.cursor("scrolled", scrollable=True); n.execute("select id from people order by id"); n.scroll(100); print(n.fetchone()); n.scroll(-50); print(n.fetchmany(2)); n.close()
for how in ("", " with (format csv, header)"):
    o = io.StringIO(); k.copy_expert("copy people to stdout" + how, o); print(len(o.getvalue()))
    o.seek(0); k.copy_expert("copy sink from stdin" + how, o)
b = io.BytesIO(); k.copy_expert("copy people to stdout (format binary)", b); b.seek(0); k.copy_expert("copy sink from stdin (format binary)", b)
k.execute("select count(*) from sink"); print(k.fetchone())
k.execute("savepoint s")
try: k.execute("insert into strict values (1, 11)")
except psycopg2.Error as e:
    d = e.diag
    print(type(e).__name__, e.pgcode, [getattr(d, f) for f in ("severity", "message_primary", "message_detail", "message_hint", "schema_name", "table_name", "column_name", "constraint_name", "datatype_name", "source_function", "statement_position", "context")])
k.execute("rollback to s"); k.execute("select 1"); print(k.fetchone())
k.execute("do $$ begin raise notice 'n %', 1; raise warning 'w'; end $$"); print(c.notices)
lo = c.lobject(0, "wb"); oid = lo.oid; lo.write(b"a\x00b" * 100000); lo.seek(3); lo.write(b"ZZZ"); lo.close()
lo = c.lobject(oid, "rb"); data = lo.read(); print(len(data), data[:9]); lo.close(); c.lobject(oid, "rw").unlink()
try: k.execute("select * from nowhere")
except Exception as e: print(type(e).__name__, e.pgcode, str(e))
print(c.info.transaction_status, c.encoding, c.info.server_version, c.info.parameter_status("TimeZone"), c.info.parameter_status("integer_datetimes"))
c.rollback(); k.execute("select 1"); print(k.fetchone()); c.rollback()
c.set_session(isolation_level="SERIALIZABLE", readonly=True)
try: k.execute("insert into sink (id) values (1)")
except Exception as e: print(type(e).__name__)
c.rollback()
k.execute("select %s, %s, %s", ("quote ' back \\ ", b"\x00\xff", [1, 2])); print([bytes(x) if isinstance(x, memoryview) else x for x in k.fetchone()])
c.close(); print("done")
`;

export const psycopg3Script = String.raw`
import psycopg, datetime, decimal, uuid, ipaddress
from psycopg.types.json import Jsonb
with psycopg.connect("") as c:
    print(c.execute("select id, name, data from people where id = %s", (5,)).fetchall())
    print(c.execute("select id, raw from people where id = %b", (5,), binary=True).fetchall())
    print(c.execute("select %b::int2, %b::int8, %b::float8, %b::text, %b::bytea, %b::date, %b::numeric, %b::uuid, %b::jsonb, %b::inet, %b::int[]", (1, 2, 1.5, "é", b"\x00\x01", datetime.date(2024, 2, 29), decimal.Decimal("1.500"), uuid.UUID(int=7), Jsonb({"a": [1]}), ipaddress.ip_address("10.0.0.1"), [1, None, 3]), binary=True).fetchone())
    with c.pipeline():
        rs = [c.execute("select %s::int * 2", (i,)) for i in range(200)]
        print(sum(r.fetchone()[0] for r in rs))
    c.commit()
    for i in range(12): c.execute("select name from people where id = %s", (i + 1,), prepare=True)
    with c.cursor() as k:
        k.executemany("insert into sink (id, name) values (%s, %s) returning id", [(i, str(i)) for i in range(300)], returning=True)
        n = 1
        while k.nextset(): n += 1
        print(n)
    with c.cursor() as k:
        with k.copy("copy people to stdout (format binary)") as copy: data = b"".join(bytes(b) for b in copy)
        print(len(data))
        with k.copy("copy sink from stdin (format binary)") as copy: copy.write(data)
        with k.copy("copy (select id, name from people order by id limit 3) to stdout") as copy: print([r for r in copy.rows()])
        print(k.execute("select count(*), sum(id) from sink").fetchone())
    c.commit()
    with c.cursor() as k:
        try:
            with k.copy("copy sink (id) from stdin") as copy: copy.write("no number\n")
        except psycopg.Error as e: print(type(e).__name__, e.diag.context)
        c.rollback()
        try:
            with k.copy("copy sink (id) from stdin") as copy: copy.write("1\n"); raise ValueError("mine")
        except (ValueError, psycopg.Error) as e: print("given up", type(e).__name__, c.info.transaction_status.name)
        c.rollback()
    c.autocommit = True
    results = []
    try:
        with c.pipeline() as p:
            a = c.execute("select 'before'"); b = c.execute("select 1/0"); d = c.execute("select 'after'")
            p.sync()
            e = c.execute("select 'next'")
            for x in (a, b, d, e):
                try: results.append(x.fetchone())
                except psycopg.Error as error: results.append(type(error).__name__)
    except psycopg.Error as error: results.append(type(error).__name__)
    print(results)
    print(c.execute("select 'on'").fetchone())
    with c.cursor("server", scrollable=True) as k:
        with c.transaction():
            k.execute("select id from people order by id"); k.scroll(1000); print(k.fetchmany(3)); k.scroll(0, "absolute"); print(k.fetchone())
    try:
        with c.transaction():
            c.execute("insert into sink (id) values (1)")
            try:
                with c.transaction(): c.execute("select 1/0")
            except psycopg.Error as error: print(type(error).__name__)
            print(c.execute("select 'outer lives'").fetchone())
            raise psycopg.Rollback()
    except psycopg.Error as error: print("unexpected", error)
    print(c.info.parameter_status("server_encoding"), c.info.parameter_status("standard_conforming_strings"), c.info.dbname)
print("done")
`;

/** libpq below psycopg 3: the raw cells, the columns' description and the errors' fields. */
export const rawResultsScript = (everyType: string): string => String.raw`
import hashlib
from psycopg import pq
c = pq.PGconn.connect(b"")
assert c.status == pq.ConnStatus.OK, c.error_message
def show(r, cells=True):
    print(r.status, r.command_status, "columns", r.nfields, "rows", r.ntuples)
    for i in range(r.nfields):
        line = [r.fname(i), r.ftable(i), r.ftablecol(i), r.fformat(i), r.ftype(i), r.fmod(i), r.fsize(i)]
        if cells: line += [r.get_value(j, i) and bytes(r.get_value(j, i)).hex() for j in range(min(r.ntuples, 3))]
        print(line)
    if r.status == pq.ExecStatus.FATAL_ERROR: print([r.error_field(f) for f in pq.DiagnosticField])
every = ${JSON.stringify(everyType)}.encode()
show(c.exec_(every))
for fmt in (0, 1): show(c.exec_params(every, [], result_format=fmt))
r = c.prepare(b"e", every); print(r.status)
show(c.describe_prepared(b"e"), False)
for fmt in (0, 1): show(c.exec_prepared(b"e", [], result_format=fmt))
for fmt in (0, 1):
    show(c.exec_params(b"select id, born, raw, data from people where id = $1", [b"7"], result_format=fmt))
    show(c.exec_params(b"select from none", [], result_format=fmt)); show(c.exec_params(b"select", [], result_format=fmt))
    show(c.exec_params(b"select " + b",".join(b"%d" % i for i in range(1600)), [], result_format=fmt))
    r = c.exec_params(b"select repeat('x', 64 * 1024 * 1024), 'after'", [], result_format=fmt); v = bytes(r.get_value(0, 0)); print("length", len(v), hashlib.sha256(v).hexdigest(), r.get_value(0, 1))
r = c.exec_params(b"select $1::bytea", [b"\x00\x01" * (8 << 20)], param_formats=[1], result_format=1); print(len(r.get_value(0, 0)), hashlib.sha256(bytes(r.get_value(0, 0))).hexdigest())
for bad in (b"select 1/0", b"selec 1", b"select * from nowhere", b"insert into strict values (1, 11)", b"insert into strict values (1, 1, -1)", b"insert into people select 1", b"select 'x'::int", b"select $1::int", b"",
            b"do $$ begin raise exception 'own' using errcode = 'P0999', hint = 'h', detail = 'd', table = 't', column = 'c', datatype = 'y', constraint = 'z', schema = 's'; end $$", b"select 1; select 1/0; select 2"):
    show(c.exec_(bad)); show(c.exec_params(bad, [])); show(c.prepare(b"bad", bad))
for s in (b"1", b"begin", b"select 1/0", b"rollback"): c.exec_(s); print(c.transaction_status)
for p in (b"server_version", b"server_encoding", b"client_encoding", b"DateStyle", b"IntervalStyle", b"TimeZone", b"integer_datetimes", b"standard_conforming_strings", b"is_superuser", b"session_authorization", b"in_hot_standby", b"default_transaction_read_only", b"application_name"): print(p, c.parameter_status(p))
print("done")
`;

export const asyncpgScript = String.raw`
import asyncio, asyncpg, io, ssl, os
from decimal import Decimal
async def main():
    c = await asyncpg.connect()
    print([tuple(r) for r in await c.fetch("select id, name, born, raw, data from people where id < $1 order by id", 4)])
    async with c.transaction():
        print(sum([r["id"] async for r in c.cursor("select id from people order by id", prefetch=100)]))
        k = await c.cursor("select id from people order by id"); print(await k.fetch(3)); await k.forward(5); print(await k.fetchrow())
    s = await c.prepare("select $1::text[] as a, $2::numeric as b, $3::jsonb as c")
    print([(a.name, a.type.name) for a in s.get_attributes()])
    for i in range(3): print(tuple(await s.fetchrow(["a", str(i)], Decimal(i), '{"x": 1}')))
    for how in ("binary", "text", "csv"):
        o = io.BytesIO(); print(await c.copy_from_query("select * from people order by id", output=o, format=how)); print(len(o.getvalue()))
        o.seek(0); print(await c.copy_to_table("sink", source=o, format=how))
    print(await c.copy_records_to_table("sink", records=[(i, "r%d" % i) for i in range(1000)], columns=["id", "name"]))
    await c.executemany("insert into sink (id) values ($1)", [(i,) for i in range(500)])
    print(await c.fetchval("select count(*) from sink"))
    try: await c.fetch("select 1/$1::int", 0)
    except asyncpg.PostgresError as e: print(type(e).__name__, e.as_dict())
    try: await c.execute("insert into strict values (1, 11)")
    except asyncpg.PostgresError as e: print(type(e).__name__, e.as_dict())
    try: await asyncio.wait_for(c.fetch("select pg_sleep(20)"), 0.5)
    except asyncio.TimeoutError: print("timeout")
    print(await c.fetchval("select 1"))
    heard = []
    await c.add_listener("news", lambda *a: heard.append(a[2:]))
    await c.execute("notify news, 'x'")
    for _ in range(600):
        if not heard: await asyncio.sleep(0.05)
    print(heard)
    told = []
    c.add_log_listener(lambda _, m: told.append((m.severity, m.message))); await c.execute("do $$ begin raise notice 'n'; end $$")
    for _ in range(600):
        if not told: await asyncio.sleep(0.05)
    print(told)
    print(c.get_settings().TimeZone, c.get_server_version()[:2])
    await c.reset(); print(await c.fetchval("select 2"))
    pool = await asyncpg.create_pool(min_size=3, max_size=6)
    async def work(i):
        async with pool.acquire() as p: return await p.fetchval("select $1::int * 2", i)
    print(sum(await asyncio.gather(*[work(i) for i in range(60)])))
    await pool.close(); await c.close(); print("done")
asyncio.run(main())
`;
