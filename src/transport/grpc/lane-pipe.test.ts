import { describe, expect, it } from "vitest";
import type { Pipe, PipeAbort } from "../pipe.js";
import { pipeCompliance } from "../pipe-compliance.js";
import { openLane } from "./client-service.js";
import { ClientService } from "./gen/hoop/v1/client_pb.js";
import { createGrpcServer } from "./server.js";
import { type CallContext, service } from "./services.js";
import { connectGrpc, type GrpcSession } from "./session.js";
import { GrpcError, grpcStatus } from "./status.js";

async function start(lane: (pipe: Pipe, call: CallContext) => void) {
  const server = createGrpcServer({
    services: [
      service(ClientService, {
        lane,
        watch: (request, stream, call) => {
          if (call.bearer !== "secret") return stream.fail(new GrpcError(grpcStatus.unauthenticated, "who are you?"));
          stream.send({ subject: request.version, connections: [{ name: "pg-prod", port: 5432 }] });
          if (request.capabilities.includes("once")) stream.end();
          else call.signal.addEventListener("abort", () => watchers.push("gone"));
        },
      }),
    ],
  });
  const watchers: string[] = [];
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  const session = await connectGrpc({ url: `http://127.0.0.1:${port}`, userAgent: "test/1" });
  const stop = async () => {
    session.close();
    await server.close();
  };
  return { server, session, port, watchers, stop };
}

async function openPair(reverse: boolean) {
  let take!: (pipe: Pipe) => void;
  const accepted = new Promise<Pipe>((resolve) => {
    take = resolve;
  });
  const { session, stop } = await start((pipe) => take(pipe));
  const client = openLane(session, { connection: "pg-prod", token: "secret" });
  const server = await accepted;
  return { a: reverse ? server : client, b: reverse ? client : server, close: stop };
}

const laneOptions = { carriesReason: { fromA: true, fromB: true }, maxUnderWay: 2 * 1024 * 1024 };
pipeCompliance("a lane, from its caller", { open: () => openPair(false), ...laneOptions });
pipeCompliance("a lane, from its server", { open: () => openPair(true), ...laneOptions });

function outcome(pipe: Pipe): Promise<PipeAbort | null> {
  return new Promise((resolve) => pipe.start({ data() {}, end() {}, drain() {}, closed: resolve }));
}

describe("a lane", () => {
  it("tells the handler who calls for what", async () => {
    const { session, stop } = await start((pipe, call) => {
      const { path, bearer } = call;
      pipe.abort({
        code: "denied",
        text: JSON.stringify([path, bearer, call.headers["hoop-connection"], call.peer.certificate]),
      });
    });
    const told = await outcome(openLane(session, { connection: "pg-prod", token: "secret" }));
    expect(told).toEqual({ code: "denied", text: '["/hoop.v1.ClientService/Lane","secret","pg-prod",null]' });
    await stop();
  });

  it("can be refused with a status of gRPC", async () => {
    const { session, stop } = await start((_pipe, call) => call.refuse(grpcStatus.unauthenticated, "log in again"));
    const told = await outcome(openLane(session, { connection: "pg-prod", token: "secret" }));
    expect(told).toEqual({ code: "denied", text: "log in again" });
    await stop();
  });

  it("refuses with what the handler threw, but not with its words when they were not chosen", async () => {
    const { session, stop } = await start(() => {
      throw new Error("password of the database");
    });
    const told = await outcome(openLane(session, { connection: "pg-prod", token: "secret" }));
    expect(told).toEqual({ code: "internal", text: "something went wrong inside the gateway" });
    await stop();
  });

  it("ends with an abort when the connection is lost, on both ends", async () => {
    const ends: Promise<PipeAbort | null>[] = [];
    let answered!: () => void;
    const taken = new Promise<void>((resolve) => {
      answered = resolve;
    });
    const { session, stop } = await start((pipe) => {
      ends.push(outcome(pipe));
      answered();
    });
    ends.push(outcome(openLane(session, { connection: "pg-prod", token: "secret" })));
    await taken;
    session.close();
    for (const end of await Promise.all(ends)) expect(end).toMatchObject({ code: "unavailable" });
    await stop();
  });

  it("does not touch the others when its reader stalls", async () => {
    const { session, stop } = await start((pipe, call) => {
      if (call.headers["hoop-connection"] === "stalled") return;
      pipe.start({ data: (chunk) => pipe.write(chunk), end: () => pipe.end(), drain() {}, closed() {} });
    });
    const stalled = openLane(session, { connection: "stalled", token: "secret" });
    void outcome(stalled);
    for (let i = 0; i < 1000 && stalled.write(Buffer.alloc(64 * 1024)); i++) await new Promise(setImmediate);
    for (let i = 0; i < 100; i++) await new Promise(setImmediate);
    expect(stalled.buffered).toBeGreaterThan(0);
    const echoes = await Promise.all(
      Array.from({ length: 20 }, (_, i) => {
        const pipe = openLane(session, { connection: "echo", token: "secret" });
        const chunks: Buffer[] = [];
        return new Promise<string>((resolve) => {
          pipe.start({
            data: (chunk) => void chunks.push(chunk),
            end() {},
            drain() {},
            closed: () => resolve(Buffer.concat(chunks).toString()),
          });
          pipe.write(Buffer.from(`hello ${i}`));
          pipe.end();
        });
      }),
    );
    expect(echoes).toEqual(Array.from({ length: 20 }, (_, i) => `hello ${i}`));
    await stop();
  });
});

describe("messages", () => {
  function watch(session: GrpcSession, token: string, capabilities: string[] = []) {
    const seen: string[] = [];
    const stream = session.stream(ClientService.method.watch, { headers: { authorization: `Bearer ${token}` } });
    const closed = new Promise<GrpcError | null>((resolve) =>
      stream.start({ message: (m) => seen.push(`${m.subject}:${m.connections[0]?.name}`), closed: resolve }),
    );
    stream.send({ version: "v1", capabilities });
    stream.end();
    return { seen, closed, stream };
  }

  it("stream from the server and end in order", async () => {
    const { session, stop } = await start(() => {});
    const { seen, closed } = watch(session, "secret", ["once"]);
    expect(await closed).toBeNull();
    expect(seen).toEqual(["v1:pg-prod"]);
    await stop();
  });

  it("carry a refusal's status and words", async () => {
    const { session, stop } = await start(() => {});
    expect(await watch(session, "guess").closed).toMatchObject({
      status: grpcStatus.unauthenticated,
      message: "who are you?",
    });
    await stop();
  });

  it("tell the handler that the caller is gone", async () => {
    const { session, watchers, stop } = await start(() => {});
    const { seen, stream, closed } = watch(session, "secret");
    await expect.poll(() => seen).toHaveLength(1);
    stream.fail(new GrpcError(grpcStatus.cancelled, "enough"));
    expect(await closed).toMatchObject({ status: grpcStatus.cancelled });
    await expect.poll(() => watchers).toEqual(["gone"]);
    await stop();
  });
});
