import { type SecureClientOptions, type SecureInfo, securePipe } from "../../transport/index.js";
import type { Pipe } from "../../transport/pipe.js";
import type { Connection } from "../../vocabulary/index.js";
import type { SessionHost } from "../host.js";

type Secured = Promise<{ readonly pipe: Pipe; readonly info: SecureInfo }>;

export interface TlsRequest {
  readonly head: Buffer | null;
  readonly alpn: readonly string[];
  readonly signal: AbortSignal;
}

/** We answer the client's handshake with the certificate for its connection's own name. */
export async function secureClient(host: SessionHost, lower: Pipe, request: TlsRequest): Secured {
  const { key, chain } = await host.serverCertificate();
  return securePipe(lower, { role: "server", key, chain, ...request });
}

/** We begin the handshake with the target, as strictly as its connection says. */
export function secureTarget({ host, tls }: Connection, lower: Pipe, request: TlsRequest): Secured {
  const mode: SecureClientOptions["mode"] =
    tls.mode === "verify-ca" || tls.mode === "verify-full" ? tls.mode : "require";
  return securePipe(lower, { role: "client", mode, serverName: tls.serverName ?? host, ca: tls.ca, ...request });
}
