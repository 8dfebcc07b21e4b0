import type { CredentialsPort, NativePlace } from "../../api/credentials-port.js";
import { isLoopback } from "../../transport/grpc/index.js";
import { HoopError } from "../../vocabulary/index.js";
import type { GatewayConfig } from "../config.js";
import type { NativeAccess } from "../native/native-access.js";
import { clientStrings } from "../native/postgres/client-strings.js";
import type { GatewayCredentials } from "./credentials.js";

export interface CredentialsPortParts {
  readonly config: GatewayConfig;
  readonly native: NativeAccess;
  readonly logins: GatewayCredentials;
  /** PEM that vouches for what native clients are shown; null: the system's own authorities do. */
  readonly authority: () => string | null;
}

/** What the API calls. */
export function credentialsPort({ config, native, logins, authority }: CredentialsPortParts): CredentialsPort {
  const { credentials, listener } = native;
  return {
    async issue({ authorityFile, ...wanted }) {
      const { connection } = wanted;
      if (listener === null || connection.protocol !== "postgres")
        throw new HoopError("unsupported", `no native clients of ${connection.protocol} are served here`, {
          hint:
            listener === null
              ? "the gateway's setting HOOP_POSTGRES_LISTEN is not there"
              : "use the tunnel: hoop tunnel up",
        });
      const { credential, password } = await credentials.issue(wanted);
      const place = placeOf(
        config,
        listener,
        String(connection.target["database"] ?? connection.target["user"] ?? "postgres"),
        authority(),
      );
      const root = place.authority === null ? null : authorityFile;
      const { user } = credential;
      const strings = clientStrings({
        ...{ host: place.host, port: place.port, database: place.database, user, password },
        // Without a file to name, a client has to be told itself what to trust.
        authorityFile: root ?? (place.authority === null ? "system" : "hoop-ca.pem"),
      });
      return { credential, password, place, strings };
    },
    list: (subject) => credentials.list(subject),
    get: (id) => credentials.get(id),
    revoke: (id) => credentials.revoke(id),
    users: () => logins.provider.list(),
    rotate: (connection) => logins.rotations.rotate(connection),
  };
}

function placeOf(
  config: GatewayConfig,
  listener: { readonly host: string; readonly port: number },
  database: string,
  authority: string | null,
): NativePlace {
  const said = config.HOOP_POSTGRES_PUBLIC;
  const at = said?.lastIndexOf(":") ?? -1;
  const publicHost = config.HOOP_PUBLIC_URL ? new URL(config.HOOP_PUBLIC_URL).hostname : null;
  const wildcard = listener.host === "0.0.0.0" || listener.host === "::";
  const own = wildcard ? (publicHost ?? "localhost") : listener.host;
  return {
    host:
      said === undefined
        ? isLoopback(listener.host)
          ? listener.host
          : own
        : said.slice(0, at).replace(/^\[|\]$/g, ""),
    port: said === undefined ? listener.port : Number(said.slice(at + 1)),
    database,
    authority,
    tls: true,
  };
}
