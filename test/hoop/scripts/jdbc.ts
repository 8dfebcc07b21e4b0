export const jdbcProgram = String.raw`
import java.sql.*; import java.io.*; import java.util.*; import org.postgresql.*; import org.postgresql.copy.*; import org.postgresql.largeobject.*;
public class Try {
  static void failing(Statement s, String sql) {
    try { s.execute(sql); System.out.println("no failure"); }
    catch (org.postgresql.util.PSQLException e) { var m = e.getServerErrorMessage(); System.out.println(m.getSQLState() + "|" + m.getMessage() + "|" + m.getDetail() + "|" + m.getHint() + "|" + m.getTable() + "|" + m.getConstraint() + "|" + m.getRoutine() + "|" + m.getPosition()); }
    catch (SQLException e) { System.out.println(e); }
  }
  public static void main(String[] a) throws Exception {
    String tls = "require".equals(System.getenv("PGSSLMODE")) ? "require" : "disable";
    String url = "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/app?user=" + System.getenv("PGUSER") + "&password=" + System.getenv("PGPASSWORD") + "&prepareThreshold=3&sslmode=" + tls;
    for (String more : new String[] { "", "&preferQueryMode=simple", "&reWriteBatchedInserts=true&preferQueryMode=extendedCacheEverything" })
    try (Connection c = DriverManager.getConnection(url + more)) {
      System.out.println(more);
      PreparedStatement p = c.prepareStatement("select id, name, born, raw, data, array[id, null], id::numeric / 7, timestamptz '2024-01-01 00:00Z', true, 1.5::float8 from people where id = ?");
      for (int i = 1; i < 9; i++) { p.setInt(1, i); ResultSet r = p.executeQuery(); r.next(); StringBuilder line = new StringBuilder(); for (int k = 1; k <= r.getMetaData().getColumnCount(); k++) line.append(k == 4 ? Arrays.toString(r.getBytes(k)) : r.getString(k)).append(' ').append(r.getMetaData().getColumnTypeName(k)).append(' '); System.out.println(line); }
      c.setAutoCommit(false);
      Statement s = c.createStatement(); s.setFetchSize(100); ResultSet r = s.executeQuery("select id from people order by id"); long sum = 0; Statement other = c.createStatement();
      while (r.next()) { sum += r.getInt(1); if (r.getInt(1) % 500 == 0) { ResultSet o = other.executeQuery("select 1"); o.next(); } }
      System.out.println(sum);
      PreparedStatement b = c.prepareStatement("insert into sink (id, name) values (?, ?)"); for (int i = 0; i < 1000; i++) { b.setInt(1, i); b.setString(2, "n" + i); b.addBatch(); }
      System.out.println(b.executeBatch().length);
      PreparedStatement g = c.prepareStatement("insert into sink (id) values (?)", new String[] { "id" }); g.setInt(1, 42); g.executeUpdate(); ResultSet keys = g.getGeneratedKeys(); keys.next(); System.out.println(keys.getInt(1));
      Savepoint sp = c.setSavepoint(); failing(other, "insert into strict values (1, 11)"); c.rollback(sp); failing(other, "selec 1"); c.rollback(sp); failing(other, "insert into strict values (1, 1, -1)"); c.rollback(sp); c.commit();
      CopyManager m = c.unwrap(PGConnection.class).getCopyAPI(); StringWriter w = new StringWriter();
      System.out.println(m.copyOut("copy people to stdout", w)); System.out.println(m.copyIn("copy sink from stdin", new StringReader(w.toString())));
      ByteArrayOutputStream bin = new ByteArrayOutputStream(); System.out.println(m.copyOut("copy people to stdout (format binary)", bin)); System.out.println(m.copyIn("copy sink from stdin (format binary)", new ByteArrayInputStream(bin.toByteArray())));
      LargeObjectManager los = c.unwrap(PGConnection.class).getLargeObjectAPI(); long oid = los.createLO(); LargeObject lo = los.open(oid); lo.write(new byte[100000]); lo.seek(5); lo.write(new byte[] { 1, 2, 3 }); lo.close();
      lo = los.open(oid, LargeObjectManager.READ); byte[] back = lo.read(200000); System.out.println(back.length + " " + back[6]); lo.close(); los.delete(oid); c.commit();
      if (!more.contains("simple")) { CallableStatement f = c.prepareCall("{ ? = call lower(?) }"); f.registerOutParameter(1, Types.VARCHAR); f.setString(2, "LOUD"); f.execute(); System.out.println(f.getString(1)); }
      c.setAutoCommit(true);
      ResultSet t = c.getMetaData().getColumns(null, "public", "people", null); while (t.next()) System.out.println(t.getString("COLUMN_NAME") + " " + t.getString("TYPE_NAME"));
      ResultSet q = c.getMetaData().getImportedKeys(null, "public", "orders"); while (q.next()) System.out.println(q.getString("PKTABLE_NAME") + "." + q.getString("PKCOLUMN_NAME"));
      if (more.isEmpty()) { Statement slow = c.createStatement(); slow.setQueryTimeout(1); try { slow.execute("select pg_sleep(20)"); System.out.println("not cancelled"); } catch (SQLException e) { System.out.println(e.getSQLState()); } }
      Statement multi = c.createStatement(); boolean is = multi.execute("select 1; update sink set id = id where id < 3; select 2"); int sets = 0; while (is || multi.getUpdateCount() != -1) { sets++; is = multi.getMoreResults(); } System.out.println(sets);
      Statement warn = c.createStatement(); warn.execute("do $$ begin raise warning 'careful'; end $$"); System.out.println(warn.getWarnings());
      Statement upd = c.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE); ResultSet u = upd.executeQuery("select id, name from people where id = 1"); u.next(); u.updateString("name", "person 1"); u.updateRow();
      c.createStatement().execute("truncate sink");
    }
    System.out.println("done");
  }
}
`;
