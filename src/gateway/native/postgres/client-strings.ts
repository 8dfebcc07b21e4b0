/** What a client needs to be told. */
export interface ClientPlace {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Null: it is asked for, or known already. */
  readonly password: string | null;
  /** A file with the authority to trust; null: the gateway's certificate is one that the system trusts; absent: no TLS. */
  readonly authorityFile?: string | null | undefined;
}

export const clientKinds = ["psql", "uri", "jdbc", "dbeaver", "datagrip", "pgpass", "env"] as const;
export type ClientKind = (typeof clientKinds)[number];

/** What to paste into each client. */
export function clientStrings(place: ClientPlace): Readonly<Record<ClientKind, string>> {
  const { host, port, user, database, password } = place;
  const tls = place.authorityFile !== undefined;
  const mode = tls ? "verify-full" : "disable";
  const root = place.authorityFile ?? null;
  const query = [`sslmode=${mode}`, ...(root === null ? [] : [`sslrootcert=${encodeURIComponent(root)}`])].join("&");
  const login =
    password === null ? encodeURIComponent(user) : `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  const shownHost = host.includes(":") ? `[${host}]` : host;
  const base = `${shownHost}:${port}/${encodeURIComponent(database)}`;
  const jdbcQuery = [
    `user=${encodeURIComponent(user)}`,
    ...(password === null ? [] : [`password=${encodeURIComponent(password)}`]),
    query,
  ].join("&");
  const words = [
    ...[`host=${conninfo(host)}`, `port=${port}`, `user=${conninfo(user)}`, `dbname=${conninfo(database)}`],
    ...[`sslmode=${mode}`, ...(root === null ? [] : [`sslrootcert=${conninfo(root)}`])],
  ].join(" ");
  const environment = [
    ...[`PGHOST=${shell(host)}`, `PGPORT=${port}`, `PGUSER=${shell(user)}`, `PGDATABASE=${shell(database)}`],
    ...(password === null ? [] : [`PGPASSWORD=${shell(password)}`]),
    ...[`PGSSLMODE=${mode}`, ...(root === null ? [] : [`PGSSLROOTCERT=${shell(root)}`])],
  ];
  return {
    psql: `${password === null ? "" : `PGPASSWORD=${shell(password)} `}psql ${shell(words)}`,
    uri: `postgresql://${login}@${base}?${query}`,
    jdbc: `jdbc:postgresql://${base}?${jdbcQuery}`,
    dbeaver: dbeaver(place, mode, root),
    // DataGrip's "URL" field takes a JDBC URL without the login, which has fields of its own.
    datagrip: `jdbc:postgresql://${base}?${query}`,
    pgpass: password === null ? "" : [host, String(port), database, user, password].map(passField).join(":"),
    env: environment.join("\n"),
  };
}

/** The argument of `dbeaver -con`. */
function dbeaver({ host, port, user, database, password }: ClientPlace, mode: string, root: string | null): string {
  const parts = {
    driver: "postgresql",
    host,
    port: String(port),
    database,
    user,
    ...(password === null ? {} : { password, savePassword: "true" }),
    name: `${user.split(".")[1] ?? database} (Hoop)`,
    "prop.sslmode": mode,
    ...(root === null ? {} : { "prop.sslrootcert": root }),
  };
  const said = Object.entries(parts).map(([key, value]) => `${key}=${String(value).replaceAll("|", " ")}`);
  return `dbeaver -con ${shell(said.join("|"))}`;
}

const conninfo = (text: string): string =>
  /^[A-Za-z0-9_./:@+-]+$/.test(text) ? text : `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
const shell = (text: string): string =>
  /^[A-Za-z0-9_./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
const passField = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll(":", "\\:");
