import type { ConnectionSource } from "../connections/source.js";
import type { Authenticated, Authenticator } from "../identity/authenticator.js";
import { connectAnalysis } from "../policy/connect.js";
import type { PolicySource } from "../policy/policy.js";
import type { Protocol } from "../protocol/index.js";
import type { Protocols } from "../relay/context.js";
import { ClientService, connectionHeader, GrpcError, grpcStatus, service } from "../transport/grpc/index.js";
import type { Pipe } from "../transport/pipe.js";
import { type Connection, type GrantSource, hoopErrorFrom, type Subject } from "../vocabulary/index.js";

export interface ClientServicePorts {
  readonly authenticator: Authenticator;
  readonly connections: ConnectionSource;
  readonly policy: PolicySource;
  /** Access granted for a time: what is offered changes with it. */
  readonly grants?: Pick<GrantSource, "watch"> | undefined;
  readonly protocols: Protocols;
  /** PEM of the authority behind what lanes show to clients. */
  authority(): string;
  /** The host key that lanes of SSH show, as in known_hosts. */
  readonly sshHostKey?: string | undefined;
  admit(lane: { client: Pipe; token: string; connection: string; from: string; gone: () => boolean }): void;
  readonly now: () => number;
}

/** Longest the list waits after a change, so that a burst of changes is one message. Milliseconds. */
const settleMs = 50;
/** Stands for the port in an example, which only the tunnel knows. */
const portMark = 59_999;
/** Watches of one subject at a time: a tunnel has one. */
const maxWatches = 64;
/** A watch is authenticated anew this often: its token may have ended meanwhile. Milliseconds. */
const reauthenticateMs = 60_000;

/** The connections that a subject may open, as the tunnel shows them. */
export function offersFor(
  ports: Pick<ClientServicePorts, "connections" | "policy" | "protocols" | "now">,
  subject: Subject,
): Connection[] {
  const policy = ports.policy.current();
  const now = ports.now();
  return ports.connections
    .list()
    .filter((connection) => ports.protocols.has(connection.protocol))
    .filter(
      (connection) =>
        policy.decide({ subject, connection, analysis: connectAnalysis(connection), now }).verdict.outcome !== "deny",
    )
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** `psql -h {host}[ -p {port}]`: what only an unusual port adds stands in brackets. */
export function exampleFor(connection: Connection, protocol: Pick<Protocol, "example" | "defaultPort">): string {
  const host = "{host}";
  const usual = protocol.example(connection, { host, port: protocol.defaultPort || connection.port });
  const other = protocol.example(connection, { host, port: portMark }).replaceAll(String(portMark), "{port}");
  let same = 0;
  while (same < usual.length && usual[same] === other[same]) same++;
  const added = other.length - usual.length;
  if (added <= 0 || other.slice(same + added) !== usual.slice(same)) return other;
  return `${other.slice(0, same)}[${other.slice(same, same + added)}]${other.slice(same + added)}`;
}

/** What tunnels ask of the gateway: the live list of their connections, and lanes. */
export function clientService(ports: ClientServicePorts) {
  const watches = new Map<string, number>();
  return service(ClientService, {
    lane(pipe, call) {
      if (call.bearer === null) return call.refuse(grpcStatus.unauthenticated, "this call needs a token: hoop login");
      const name = call.headers[connectionHeader];
      if (typeof name !== "string" || name === "")
        return call.refuse(grpcStatus.invalidArgument, `a lane needs the metadata ${connectionHeader}`);
      const { bearer: token, peer } = call;
      ports.admit({ client: pipe, token, connection: name, from: peer.address, gone: () => call.over });
    },

    watch(_request, stream, call) {
      const token = call.bearer;
      if (token === null)
        return stream.fail(new GrpcError(grpcStatus.unauthenticated, "this call needs a token: hoop login"));
      let settling: NodeJS.Timeout | null = null;
      let last = "";
      /** Whose watch this is counted as. */
      let counted: string | null = null;

      async function tell(): Promise<void> {
        settling = null;
        let who: Authenticated;
        try {
          who = await ports.authenticator.authenticate(token!, call.peer.address);
        } catch (error) {
          const failure = hoopErrorFrom(error);
          return stream.fail(
            new GrpcError(
              failure.code === "unauthenticated" ? grpcStatus.unauthenticated : grpcStatus.unavailable,
              failure.message,
            ),
          );
        }
        if (call.signal.aborted) return;
        if (counted === null) {
          const others = watches.get(who.subject.id) ?? 0;
          if (others >= maxWatches)
            return stream.fail(
              new GrpcError(
                grpcStatus.resourceExhausted,
                `${maxWatches} lists of your connections are followed already`,
              ),
            );
          counted = who.subject.id;
          watches.set(counted, others + 1);
        }
        const connections = offersFor(ports, who.subject).map((connection) => ({
          name: connection.name,
          protocol: connection.protocol,
          // What people type has the protocol's usual port, wherever the target itself listens.
          port: ports.protocols.get(connection.protocol)!.defaultPort || connection.port,
          labels: { ...connection.labels },
          example: exampleFor(connection, ports.protocols.get(connection.protocol)!),
          morePorts: [...(ports.protocols.get(connection.protocol)!.morePorts ?? [])],
          profile: ports.protocols.get(connection.protocol)!.profile?.(connection) ?? "",
        }));
        const list = {
          connections,
          subject: who.subject.name,
          authority: ports.authority(),
          sshHostKey: ports.sshHostKey ?? "",
        };
        const text = JSON.stringify(list);
        if (text === last || call.signal.aborted) return;
        last = text;
        stream.send(list);
      }
      const soon = (): void => {
        settling ??= setTimeout(() => void tell(), settleMs);
      };

      void tell();
      const again = setInterval(soon, reauthenticateMs);
      const stops = [
        ports.connections.watch(soon),
        ports.policy.watch(soon),
        ports.grants?.watch(soon) ?? (() => {}),
        ports.authenticator.watch(soon),
        () => clearInterval(again),
      ];
      call.signal.addEventListener(
        "abort",
        () => {
          if (settling) clearTimeout(settling);
          for (const stop of stops) stop();
          if (counted === null) return;
          const left = (watches.get(counted) ?? 1) - 1;
          if (left > 0) watches.set(counted, left);
          else watches.delete(counted);
        },
        { once: true },
      );
    },
  });
}
