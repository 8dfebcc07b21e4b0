import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  ClientService,
  connectGrpc,
  createGrpcServer,
  type GrpcServer,
  type GrpcSession,
  grpcStatus,
  openLane,
  service,
} from "../../src/transport/grpc/index.js";
import type { PipeAbort } from "../../src/transport/pipe.js";
import { freePort } from "../support/free-port.js";
import { until } from "./gateway.js";

let server: GrpcServer;
let nginx: ChildProcess;
let session: GrpcSession;
let folder: string;
let nginxPort: number;

beforeAll(async () => {
  server = createGrpcServer({
    services: [
      service(ClientService, {
        lane: (pipe, call) => {
          if (call.headers["hoop-connection"] === "nobody")
            return call.refuse(grpcStatus.permissionDenied, "not für dich");
          pipe.start({
            data: (chunk) => {
              if (!pipe.write(chunk)) pipe.pause();
            },
            end: () => pipe.end(),
            drain: () => pipe.resume(),
            closed() {},
          });
        },
        watch: (_request, stream) => {
          stream.send({ subject: "ada" });
          setTimeout(() => stream.send({ subject: "ada again" }), 100);
        },
      }),
    ],
  });
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  nginxPort = await freePort();
  folder = await mkdtemp(join(tmpdir(), "hoop-nginx-"));
  const config = join(folder, "nginx.conf");
  await writeFile(
    config,
    `daemon off; pid ${folder}/pid; error_log ${folder}/error.log; worker_processes 1;
     events { worker_connections 256; }
     http {
       access_log off;
       client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
       uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
       server {
         listen 127.0.0.1:${nginxPort} http2;
         client_max_body_size 0;
         grpc_read_timeout 1h; grpc_send_timeout 1h; client_body_timeout 1h;
         location / { grpc_pass grpc://127.0.0.1:${port}; }
       }
     }`,
  );
  nginx = spawn("nginx", ["-c", config, "-e", join(folder, "error.log")], { stdio: "ignore" });
  await until(
    () =>
      new Promise<boolean>((resolve) => {
        const socket = connect(nginxPort, "127.0.0.1", () => {
          socket.destroy();
          resolve(true);
        });
        socket.on("error", () => resolve(false));
      }),
  );
  session = await connectGrpc({ url: `http://127.0.0.1:${nginxPort}`, userAgent: "hoop-test/1" });
});

afterAll(async () => {
  session?.close();
  await server?.close();
  if (nginx?.exitCode === null) {
    nginx.kill("SIGQUIT");
    await once(nginx, "exit");
  }
  await rm(folder, { recursive: true, force: true });
});

it("carries a lane both ways for as long as it lasts", async () => {
  const pipe = openLane(session, { connection: "pg-prod", token: "token" });
  let received = "";
  const closed = new Promise<PipeAbort | null>((resolve) =>
    pipe.start({
      data: (chunk) => {
        received += chunk.toString();
      },
      end() {},
      drain() {},
      closed: resolve,
    }),
  );
  // One question after another: nothing in between may wait for more.
  for (let i = 0; i < 20; i++) {
    const question = `question ${i}\n`;
    received = "";
    pipe.write(Buffer.from(question));
    await until(() => received.length >= question.length);
    expect(received).toBe(question);
  }
  await new Promise((resolve) => setTimeout(resolve, 1500));
  received = "";
  pipe.write(Buffer.from("after a silence"));
  await until(() => received === "after a silence");
  pipe.end();
  expect(await closed).toBeNull();
});

it("carries 8 MB both ways at once", async () => {
  const pipe = openLane(session, { connection: "pg-prod", token: "token" });
  const total = 8 * 1024 * 1024;
  let left = total;
  const closed = new Promise<PipeAbort | null>((resolve) => {
    const pump = () => {
      while (left > 0) {
        left -= 32 * 1024;
        if (!pipe.write(Buffer.alloc(32 * 1024, left & 0xff))) return;
      }
      pipe.end();
    };
    pipe.start({ data() {}, end() {}, drain: pump, closed: resolve });
    pump();
  });
  expect(await closed).toBeNull();
  expect(pipe.bytesIn).toBe(total);
});

it("carries a refusal with its words", async () => {
  const pipe = openLane(session, { connection: "nobody", token: "token" });
  const abort = await new Promise((resolve) => pipe.start({ data() {}, end() {}, drain() {}, closed: resolve }));
  expect(abort).toEqual({ code: "denied", text: "not für dich" });
});

it("streams what the server says, when it says it", async () => {
  const stream = session.stream(ClientService.method.watch, { headers: { authorization: "Bearer token" } });
  const seen: string[] = [];
  stream.start({ message: ({ subject }) => seen.push(subject), closed() {} });
  stream.send({ version: "1" });
  stream.end();
  await until(() => seen.length === 2);
  expect(seen).toEqual(["ada", "ada again"]);
});

it("tells an abort of either side", async () => {
  const pipe = openLane(session, { connection: "pg-prod", token: "token" });
  const closed = new Promise<PipeAbort | null>((resolve) =>
    pipe.start({ data: () => pipe.abort({ code: "denied", text: "enough" }), end() {}, drain() {}, closed: resolve }),
  );
  pipe.write(Buffer.from("x"));
  expect(await closed).toEqual({ code: "denied", text: "enough" });
});
