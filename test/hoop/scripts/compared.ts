/** Drivers as people use them, each in its default way of transactions; `argv[1]`: what is expected of the comparison. */
export const psycopgCompared = `
import sys, psycopg
differs = sys.argv[1] == "differs"
def run(c, text, values):
    try:
        return c.execute(text, values).rowcount
    except psycopg.errors.SerializationFailure as e:
        assert "rehearsed 2 rows, now 3" in str(e), e
        return "taken back"
expected = "taken back" if differs else 2
with psycopg.connect("", autocommit=True) as c:
    got = run(c, "update person set city = %s where id = any(%s)", ("P", [1, 2, 7]))
    assert got == expected, got
    assert c.execute("select count(*) from person where city = 'P'").fetchone() == (0 if differs else 2,)
print("done")
`;

export const psycopgTransaction = `
import sys, psycopg
differs = sys.argv[1] == "differs"
with psycopg.connect("") as c:
    c.execute("select 1")
    try:
        c.execute("update person set city = %s where id = any(%s)", ("Q", [1, 2, 7]))
        assert not differs
        c.commit()
    except psycopg.errors.SerializationFailure as e:
        assert differs, e
        assert c.info.transaction_status == psycopg.pq.TransactionStatus.INERROR
        c.commit()
    assert c.execute("select count(*) from person where city = 'Q'").fetchone() == (0 if differs else 2,)
print("done")
`;

export const jdbcCompared = `
import java.sql.*;
public class Compared {
  static void check(boolean right, String what) { if (!right) throw new IllegalStateException(what); }
  public static void main(String[] a) throws Exception {
    boolean differs = a[0].equals("differs");
    String url = "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/app?user=x&password=x&sslmode=disable";
    try (Connection c = DriverManager.getConnection(url)) {
      if (a[1].equals("transaction")) c.setAutoCommit(false);
      PreparedStatement p = c.prepareStatement("update person set city = ? where id in (?, ?, ?)");
      p.setString(1, "J"); p.setInt(2, 1); p.setInt(3, 2); p.setInt(4, 7);
      try { check(p.executeUpdate() == 2 && !differs, "the same"); }
      catch (SQLException e) { check(differs && "40001".equals(e.getSQLState()), e.getSQLState() + " " + e.getMessage()); }
      if (!c.getAutoCommit()) { if (differs) c.rollback(); else c.commit(); }
      ResultSet r = c.createStatement().executeQuery("select count(*) from person where city = 'J'"); r.next();
      check(r.getInt(1) == (differs ? 0 : 2), "count " + r.getInt(1));
    }
    System.out.println("done");
  }
}
`;
