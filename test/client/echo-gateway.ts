import {
  type CallContext,
  ClientService,
  createGrpcServer,
  GrpcError,
  grpcStatus,
  service,
} from "../../src/transport/grpc/index.js";
import type { Pipe } from "../../src/transport/index.js";

/** A connection as the gateway offers it. */
export interface TestOffer {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  readonly example: string;
  readonly morePorts?: number[];
  readonly profile?: string;
}

export function offer(name: string, port: number, protocol = "tcp"): TestOffer {
  return { name, port, protocol, example: "nc {host} {port}" };
}

type Stream = {
  send(message: { connections: readonly TestOffer[]; subject: string; authority: string }): void;
  fail(error: GrpcError): void;
};

/** The client half of a gateway on real gRPC: it offers what it is told to and echoes, or does what `lane` says. */
export async function startEchoGateway(lane: (pipe: Pipe, call: CallContext) => void = echo, port = 0) {
  const streams = new Set<Stream>();
  const lanes: Pipe[] = [];
  let offers: readonly TestOffer[] = [];
  let token = "good";
  const server = createGrpcServer({
    services: [
      service(ClientService, {
        lane: (pipe, call) => {
          if (call.bearer !== token) return call.refuse(grpcStatus.unauthenticated, "the token is not good");
          lanes.push(pipe);
          lane(pipe, call);
        },
        watch: (_request, stream, call) => {
          if (call.bearer !== token)
            return stream.fail(new GrpcError(grpcStatus.unauthenticated, "the token is not good"));
          streams.add(stream as Stream);
          call.signal.addEventListener("abort", () => streams.delete(stream as Stream));
          stream.send({ connections: [...offers], subject: "ada", authority: "" });
        },
      }),
    ],
  });
  const listening = await server.listen({ host: "127.0.0.1", port });
  return {
    url: `http://127.0.0.1:${listening.port}`,
    port: listening.port,
    lanes,
    offer(...list: TestOffer[]) {
      offers = list;
      for (const stream of streams) stream.send({ connections: list, subject: "ada", authority: "" });
    },
    /** From now on only this token is good; who watches is sent away. */
    expect(next: string) {
      token = next;
      for (const stream of streams) stream.fail(new GrpcError(grpcStatus.unauthenticated, "the token has ended"));
    },
    close: () => server.close(),
  };
}

export function echo(pipe: Pipe): void {
  pipe.start({
    data: (chunk) => {
      if (!pipe.write(chunk)) pipe.pause();
    },
    end: () => pipe.end(),
    drain: () => pipe.resume(),
    closed: () => {},
  });
}
