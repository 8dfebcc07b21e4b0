import { isIP } from "node:net";
import { createSecureContext } from "node:tls";
import { ZodObject, type ZodType } from "zod";
import { type Connection, HoopError } from "../vocabulary/index.js";
import { credentialFrom } from "./credential.js";
import { checkLabels } from "./labels.js";
import { connectionNameFrom, hostFrom } from "./names.js";

/** What connections need to know of a protocol. A `Protocol` is one. */
export interface ConnectionProtocol {
  readonly name: string;
  readonly defaultPort: number;
  readonly targetSchema: ZodType<Readonly<Record<string, unknown>>>;
}

export type ConnectionProtocols = ReadonlyMap<string, ConnectionProtocol>;

/** What an admin says of a connection. */
export interface ConnectionDraft {
  readonly name: string;
  readonly protocol: string;
  readonly host: string;
  /** Left out: the protocol's own. */
  readonly port?: number | undefined;
  readonly agent?: string | null | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly tls?: Partial<Connection["tls"]> | undefined;
  readonly target?: Readonly<Record<string, unknown>> | undefined;
  readonly exposesCredentialToAgent?: boolean | undefined;
  /** Where the credential comes from, see `ConnectionCredential`; null: as if nothing had been said. */
  readonly credential?: Readonly<Record<string, unknown>> | Connection["credential"] | null;
}

/** The draft as a connection, all but its id and version. Throws HoopError `invalid`. */
export function validated(draft: ConnectionDraft, protocols: ConnectionProtocols): Omit<Connection, "id" | "version"> {
  const protocol = protocols.get(draft.protocol);
  if (protocol === undefined) {
    throw new HoopError("invalid", `there is no protocol ${JSON.stringify(draft.protocol.slice(0, 64))}`, {
      hint: `one of ${[...protocols.keys()].join(", ")}`,
    });
  }
  const port = draft.port ?? protocol.defaultPort;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new HoopError("invalid", `not a port: ${port}`);
  const labels = draft.labels ?? {};
  checkLabels(labels);
  const credential = credentialFrom({ ...draft.credential });
  return {
    name: connectionNameFrom(draft.name),
    protocol: protocol.name,
    host: hostFrom(draft.host, (text) => isIP(text) !== 0),
    port,
    agent: draft.agent ?? null,
    labels,
    tls: tlsFrom(draft.tls ?? {}),
    target: targetFrom(protocol, draft.target ?? {}),
    exposesCredentialToAgent: draft.exposesCredentialToAgent ?? false,
    ...(credential === undefined ? {} : { credential }),
  };
}

function tlsFrom(tls: Partial<Connection["tls"]>): Connection["tls"] {
  const mode = tls.mode ?? (tls.ca === undefined ? "prefer" : "verify-full");
  const verifies = mode === "verify-ca" || mode === "verify-full";
  if (tls.ca !== undefined) {
    if (!verifies)
      throw new HoopError("invalid", `a CA is of no use with TLS mode ${mode}`, { hint: "verify-ca or verify-full" });
    try {
      createSecureContext({ ca: tls.ca });
    } catch (error) {
      throw new HoopError("invalid", "the CA is not a certificate in PEM", { cause: error });
    }
    if (!tls.ca.includes("-----BEGIN CERTIFICATE-----"))
      throw new HoopError("invalid", "the CA is not a certificate in PEM");
  }
  return {
    mode,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.serverName === undefined ? {} : { serverName: hostFrom(tls.serverName, () => false) }),
  };
}

function targetFrom(
  protocol: ConnectionProtocol,
  target: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const result = protocol.targetSchema.safeParse(target);
  if (result.success) return result.data;
  const where = result.error.issues
    .slice(0, 5)
    .map(
      ({ path, message }) => `${["target", ...path].join(".")}: ${message.charAt(0).toLowerCase()}${message.slice(1)}`,
    );
  throw new HoopError("invalid", where.join("; "), {
    hint: knownKeys(protocol),
  });
}

/** Names what the protocol's target can say, where its schema tells. */
function knownKeys({ name, targetSchema }: ConnectionProtocol): string {
  const keys = targetSchema instanceof ZodObject ? Object.keys(targetSchema.shape) : [];
  return keys.length > 0
    ? `a ${name} target can say: ${keys.join(", ")}`
    : `see what a ${name} target can say in its documentation`;
}
