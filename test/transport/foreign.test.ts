import { once } from "node:events";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServiceError,
} from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type ControlRequest,
  ControlRequestSchema,
  type ControlResponse,
  ControlResponseSchema,
} from "../../src/transport/grpc/gen/hoop/v1/agent_pb.js";
import { type Frame, FrameSchema } from "../../src/transport/grpc/gen/hoop/v1/frame_pb.js";
import {
  AgentService,
  ClientService,
  connectGrpc,
  createGrpcServer,
  type GrpcServer,
  grpcStatus,
  openLane,
  service,
} from "../../src/transport/grpc/index.js";
import type { PipeAbort } from "../../src/transport/pipe.js";

const frames = {
  serialize: (frame: Frame) => Buffer.from(toBinary(FrameSchema, frame)),
  deserialize: (bytes: Buffer) => fromBinary(FrameSchema, bytes),
};
const frame = (text: string) => create(FrameSchema, { data: Buffer.from(text) });

let server: GrpcServer;
let port: number;
const ended: (PipeAbort | null)[] = [];

beforeEach(async () => {
  ended.length = 0;
  server = createGrpcServer({
    services: [
      service(ClientService, {
        lane: (pipe, call) => {
          const wanted = call.headers["hoop-connection"];
          if (wanted === "nobody") return call.refuse(grpcStatus.permissionDenied, "99% – nicht für dich");
          pipe.start({
            data: (chunk) => {
              if (!pipe.write(chunk)) pipe.pause();
            },
            end: () => pipe.end(),
            drain: () => pipe.resume(),
            closed: (abort) => ended.push(abort),
          });
        },
        watch: () => {},
      }),
      service(AgentService, {
        enrol: async () => ({ agentName: "slow", certificateChain: "x".repeat(900_000) }),
        renew: () => new Promise(() => {}),
        lane: (pipe) => pipe.abort({ code: "denied", text: "no" }),
        control: (stream) =>
          stream.start({
            message: ({ message }) => {
              if (message.case === "hello") {
                stream.send({ message: { case: "welcome", value: { version: message.value.version } } });
              } else if (message.case === "heartbeat") stream.send({ message });
            },
            ended: () => stream.end(),
            closed: () => {},
          }),
      }),
    ],
  });
  ({ port } = await server.listen({ host: "127.0.0.1", port: 0 }));
});

afterEach(() => server.close());

function laneOf(client: Client, connection: string): ClientDuplexStream<Frame, Frame> {
  const metadata = new Metadata();
  metadata.set("hoop-connection", connection);
  metadata.set("authorization", "Bearer token");
  return client.makeBidiStreamRequest("/hoop.v1.ClientService/Lane", frames.serialize, frames.deserialize, metadata);
}

describe("grpc-js as the caller", () => {
  let client: Client;
  beforeEach(() => {
    client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  });
  afterEach(() => client.close());

  it("speaks on a lane and closes its half as gRPC does", async () => {
    const lane = laneOf(client, "pg-prod");
    const received: Buffer[] = [];
    let saidEnd = false;
    lane.on("data", (message: Frame) => {
      received.push(Buffer.from(message.data));
      saidEnd ||= message.end;
    });
    const status = once(lane, "status");
    lane.write(frame("hello "));
    lane.write(create(FrameSchema, {}));
    lane.write(frame("world"));
    lane.end();
    expect((await status)[0]).toMatchObject({ code: 0 });
    expect(Buffer.concat(received).toString()).toBe("hello world");
    expect(saidEnd).toBe(true);
    await expect.poll(() => ended).toEqual([null]);
  });

  it("carries 16 MB in messages of 1 MB", async () => {
    const lane = laneOf(client, "pg-prod");
    let bytes = 0;
    lane.on("data", (message: Frame) => {
      bytes += message.data.length;
    });
    const status = once(lane, "status");
    for (let i = 0; i < 16; i++) {
      if (!lane.write(create(FrameSchema, { data: Buffer.alloc(1024 * 1024, i) }))) await once(lane, "drain");
    }
    lane.end();
    expect((await status)[0]).toMatchObject({ code: 0 });
    expect(bytes).toBe(16 * 1024 * 1024);
  });

  it("is told why it is refused", async () => {
    const lane = laneOf(client, "nobody");
    lane.on("data", () => {});
    const [error] = (await once(lane, "error")) as [ServiceError];
    expect(error).toMatchObject({ code: 7, details: "99% – nicht für dich" });
  });

  it("that cancels ends the pipe with an abort", async () => {
    const lane = laneOf(client, "pg-prod");
    lane.on("error", () => {});
    lane.write(frame("x"));
    await once(lane, "data");
    lane.cancel();
    await expect.poll(() => ended).toMatchObject([{ code: "cancelled" }]);
  });

  it("exchanges control messages", async () => {
    const control: ClientDuplexStream<ControlRequest, ControlResponse> = client.makeBidiStreamRequest(
      "/hoop.v1.AgentService/Control",
      (message: ControlRequest) => Buffer.from(toBinary(ControlRequestSchema, message)),
      (bytes: Buffer) => fromBinary(ControlResponseSchema, bytes),
    );
    const seen: string[] = [];
    control.on("data", ({ message }: ControlResponse) => {
      if (message.case === "welcome") seen.push(`welcome ${message.value.version}`);
      if (message.case === "heartbeat") seen.push(`heartbeat ${message.value.sequence}`);
    });
    const status = once(control, "status");
    control.write(create(ControlRequestSchema, { message: { case: "hello", value: { version: "7" } } }));
    control.write(create(ControlRequestSchema, { message: { case: "heartbeat", value: { sequence: 41n } } }));
    control.end();
    expect((await status)[0]).toMatchObject({ code: 0 });
    expect(seen).toEqual(["welcome 7", "heartbeat 41"]);
  });

  it.each([
    ["an unknown method", "/hoop.v1.AgentService/Nothing", 12, 60_000],
    ["an unknown service", "/other.Service/Renew", 12, 60_000],
    ["no answer within its deadline", "/hoop.v1.AgentService/Renew", 4, 300],
  ])("meets %s", async (_what, path, code, within) => {
    const error = await new Promise<ServiceError | null>((resolve) =>
      client.makeUnaryRequest(
        path,
        () => Buffer.alloc(0),
        (bytes) => bytes,
        {},
        { deadline: Date.now() + within },
        (error) => resolve(error),
      ),
    );
    expect(error).toMatchObject({ code });
  });

  it("cannot send a control message that is too big", async () => {
    const error = await new Promise<ServiceError | null>((resolve) =>
      client.makeUnaryRequest(
        "/hoop.v1.AgentService/Enrol",
        () => Buffer.alloc(1024 * 1024 + 1),
        (bytes) => bytes,
        {},
        (error) => resolve(error),
      ),
    );
    expect(error).toMatchObject({ code: 8 });
  });
});

describe("grpc-js as the server", () => {
  it("serves our lanes, and its own way to end a call is understood", async () => {
    const foreign = new Server();
    foreign.addService(
      {
        lane: {
          path: "/hoop.v1.ClientService/Lane",
          requestStream: true,
          responseStream: true,
          requestSerialize: frames.serialize,
          requestDeserialize: frames.deserialize,
          responseSerialize: frames.serialize,
          responseDeserialize: frames.deserialize,
        },
      },
      {
        lane: (call: ServerDuplexStream<Frame, Frame>) => {
          if (call.metadata.get("hoop-connection")[0] === "nobody") {
            call.emit("error", { code: 14, details: "not today" });
            return;
          }
          call.on("data", (message: Frame) => {
            if (message.data.length > 0) call.write(create(FrameSchema, { data: message.data }));
            if (message.end) call.end();
          });
        },
      },
    );
    const foreignPort = await new Promise<number>((resolve, reject) =>
      foreign.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    const session = await connectGrpc({ url: `http://127.0.0.1:${foreignPort}`, userAgent: "hoop-test/1" });
    const run = (connection: string) => {
      const pipe = openLane(session, { connection, token: "token" });
      const chunks: Buffer[] = [];
      return new Promise<{ abort: PipeAbort | null; text: string }>((resolve) => {
        pipe.start({
          data: (chunk) => void chunks.push(chunk),
          end() {},
          drain() {},
          closed: (abort) => resolve({ abort, text: Buffer.concat(chunks).toString() }),
        });
        pipe.write(Buffer.from("there and "));
        pipe.write(Buffer.from("back"));
        pipe.end();
      });
    };
    expect(await run("pg-prod")).toEqual({ abort: null, text: "there and back" });
    expect(await run("nobody")).toEqual({ abort: { code: "unavailable", text: "not today" }, text: "" });
    session.close();
    foreign.forceShutdown();
  });
});

describe("a peer that is not gRPC", () => {
  async function post(headers: Record<string, string>, body: Buffer) {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    session.on("error", () => {});
    const stream = session.request({
      ":method": "POST",
      ":path": "/hoop.v1.ClientService/Lane",
      "content-type": "application/grpc",
      "hoop-connection": "pg-prod",
      ...headers,
    });
    stream.on("error", () => {});
    let told: Record<string, unknown> = {};
    stream.on("response", (response) => {
      told = { ...response };
    });
    stream.on("trailers", (trailers) => {
      told = { ...told, ...trailers };
    });
    stream.resume();
    stream.end(body);
    await new Promise((resolve) => stream.on("close", resolve));
    session.close();
    return told;
  }

  it.each(["text/html", "application/grpc-web", "application/json", "application/grpcx"])(
    "is told 415 for %s",
    async (type) => {
      expect(await post({ "content-type": type }, Buffer.alloc(0))).toMatchObject({ ":status": 415 });
    },
  );

  it("is told 405 for PUT", async () => {
    expect(await post({ ":method": "PUT" }, Buffer.alloc(0))).toMatchObject({ ":status": 405 });
  });

  it.each([
    ["compressed calls", { "grpc-encoding": "gzip" }, Buffer.alloc(0), "12"],
    ["a malformed deadline", { "grpc-timeout": "soon" }, Buffer.alloc(0), "3"],
    ["a compressed message", {}, Buffer.from([1, 0, 0, 0, 0]), "3"],
    ["half a message", {}, Buffer.from([0, 0, 0, 0, 9, 0x0a, 7, 1]), "3"],
    ["a message beyond all limits", {}, Buffer.from([0, 0xff, 0xff, 0xff, 0xff]), "3"],
  ])("is refused with a status for %s", async (_what, headers, body, status) => {
    expect(await post(headers, body)).toMatchObject({ ":status": 200, "grpc-status": status });
  });

  it("does not open a stream with headers without end", async () => {
    const session = connectHttp2(`http://127.0.0.1:${port}`, { maxSendHeaderBlockLength: 1_000_000 });
    session.on("error", () => {});
    const stream = session.request({ ":method": "POST", ":path": "/", "x-long": "x".repeat(100_000) });
    stream.on("error", () => {});
    const opened = new Promise((resolve) => stream.on("response", () => resolve("opened")));
    const closed = new Promise((resolve) => stream.on("close", () => resolve("closed")));
    expect(await Promise.race([opened, closed])).toBe("closed");
    session.destroy();
  });

  it("does not stop the others by sending nonsense instead of HTTP/2", async () => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.resume();
    socket.write("GET / HTTP/1.1\r\n\r\n");
    await new Promise((resolve) => socket.on("close", resolve));
    expect(await post({ "grpc-encoding": "gzip" }, Buffer.alloc(0))).toMatchObject({ "grpc-status": "12" });
  });
});

describe("a server that is not ours", () => {
  it("is named by what it answers", async () => {
    const foreign = createHttp2Server((_request, response) => response.writeHead(502).end());
    foreign.listen(0, "127.0.0.1");
    await once(foreign, "listening");
    const session = await connectGrpc({
      url: `http://127.0.0.1:${(foreign.address() as AddressInfo).port}`,
      userAgent: "hoop-test/1",
    });
    const pipe = openLane(session, { connection: "pg-prod", token: "token" });
    const abort = await new Promise((resolve) => pipe.start({ data() {}, end() {}, drain() {}, closed: resolve }));
    expect(abort).toEqual({ code: "unavailable", text: "something in between answered HTTP 502" });
    session.close();
    foreign.close();
  });
});
