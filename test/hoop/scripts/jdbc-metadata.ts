/** All that a tool on JDBC asks of a database's metadata, written out. */
export const jdbcMetadata = String.raw`
import java.sql.*;
public class Meta {
  static void show(String what, ResultSet r) throws Exception {
    ResultSetMetaData m = r.getMetaData();
    while (r.next()) { StringBuilder line = new StringBuilder(what); for (int i = 1; i <= m.getColumnCount(); i++) line.append('|').append(m.getColumnLabel(i)).append('=').append(r.getString(i)); System.out.println(line); }
  }
  public static void main(String[] a) throws Exception {
    String url = "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/app?sslmode=disable&user=" + System.getenv("PGUSER") + "&password=" + System.getenv("PGPASSWORD");
    try (Connection c = DriverManager.getConnection(url)) {
      DatabaseMetaData d = c.getMetaData();
      show("catalogs", d.getCatalogs()); show("schemas", d.getSchemas()); show("tableTypes", d.getTableTypes());
      show("tables", d.getTables(null, "public", "%", null)); show("columns", d.getColumns(null, "public", "%", "%"));
      for (String t : new String[] { "customers", "orders", "people", "events" }) {
        show("primaryKeys", d.getPrimaryKeys(null, "public", t)); show("importedKeys", d.getImportedKeys(null, "public", t)); show("exportedKeys", d.getExportedKeys(null, "public", t));
        show("indexInfo", d.getIndexInfo(null, "public", t, false, true)); show("bestRow", d.getBestRowIdentifier(null, "public", t, DatabaseMetaData.bestRowSession, true)); show("versions", d.getVersionColumns(null, "public", t));
        show("tablePrivileges", d.getTablePrivileges(null, "public", t)); show("columnPrivileges", d.getColumnPrivileges(null, "public", t, "%"));
      }
      show("crossReference", d.getCrossReference(null, "public", "customers", null, "public", "orders"));
      show("procedures", d.getProcedures(null, "public", "%")); show("procedureColumns", d.getProcedureColumns(null, "public", "%", "%"));
      show("functions", d.getFunctions(null, "public", "%")); show("functionColumns", d.getFunctionColumns(null, "public", "%", "%"));
      show("udts", d.getUDTs(null, "public", "%", null)); show("types", d.getTypeInfo()); show("clientInfo", d.getClientInfoProperties());
      System.out.println(d.getSQLKeywords()); System.out.println(d.getMaxColumnNameLength() + " " + d.getDatabaseProductVersion() + " " + d.getNumericFunctions());
      ResultSet r = c.createStatement().executeQuery("select * from customers"); ResultSetMetaData m = r.getMetaData();
      for (int i = 1; i <= m.getColumnCount(); i++) System.out.println(m.getTableName(i) + " " + m.getColumnName(i) + " " + m.getColumnTypeName(i) + " " + m.isNullable(i) + " " + m.isAutoIncrement(i) + " " + m.getPrecision(i));
      show("parameters", c.createStatement().executeQuery("select 1")); System.out.println(c.prepareStatement("select * from orders where id = ? and note = ?").getParameterMetaData().getParameterTypeName(2));
    }
    System.out.println("done");
  }
}
`;
