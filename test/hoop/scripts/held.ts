export const psycopgHeld = String.raw`
import psycopg
told = []
with psycopg.connect("", autocommit=True) as c:
    c.add_notice_handler(lambda d: told.append(d.message_primary))
    assert c.execute("delete from orders where id = %s", (1,)).rowcount == 1
    with c.pipeline():
        a = c.execute("select 1")
        b = c.execute("delete from orders where id = %s", (2,))
        d = c.execute("select count(*) from orders")
    assert (a.fetchone(), b.rowcount, d.fetchone()) == ((1,), 1, (8,)), (b.rowcount, d)
    with c.cursor().copy("copy orders from stdin") as copy:
        copy.write("11\televen\n12\ttwelve\n")
    assert c.execute("select count(*) from orders").fetchone() == (10,)
    c.execute("delete from orders where id = 11; delete from orders where id = 12")
    assert c.execute("select count(*) from orders").fetchone() == (8,)
assert len(told) >= 4 and all("/reviews/" in t for t in told), told
print("done")
`;

export const asyncpgHeld = `
import asyncio, os, asyncpg
async def main():
    c = await asyncpg.connect(host=os.environ["PGHOST"], port=int(os.environ["PGPORT"]), user="x", database="app", ssl=False)
    told = []
    c.add_log_listener(lambda _, m: told.append(m.message))
    assert await c.execute("delete from orders where id = $1 and note = $2", 4, "n4") == "DELETE 1"
    assert await c.fetchval("select count(*) from orders") == 9
    await c.executemany("delete from orders where id = $1", [(5,)])
    await asyncio.sleep(0)
    assert told and "/reviews/" in told[0], told
    await c.close()
    print("done")
asyncio.run(main())
`;

export const jdbcHeld = `
import java.sql.*;
public class Held {
  static void check(boolean right, String what) { if (!right) throw new IllegalStateException(what); }
  public static void main(String[] a) throws Exception {
    String url = "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/app?user=x&password=x&sslmode=disable&prepareThreshold=2";
    int id = 1;
    for (String more : new String[] { "", "&preferQueryMode=simple" })
    try (Connection c = DriverManager.getConnection(url + more)) {
      PreparedStatement p = c.prepareStatement("delete from orders where id = ?");
      for (int i = 0; i < 3; i++) { p.setInt(1, id++); check(p.executeUpdate() == 1, "one row"); }
      check(p.getWarnings() != null && p.getWarnings().getMessage().contains("/reviews/"), "a warning");
      ResultSet r = c.createStatement().executeQuery("select count(*) from orders"); r.next(); check(r.getInt(1) == 11 - id, "count " + r.getInt(1));
    }
    System.out.println("done");
  }
}
`;

export const asyncpgEnters = `
import asyncio, os, asyncpg
async def main():
    c = await asyncpg.connect(host=os.environ["PGHOST"], port=int(os.environ["PGPORT"]), user="x", database="app", ssl=False, timeout=60)
    print(await c.fetchval("select 'in'"))
    await c.close()
asyncio.run(main())
`;
