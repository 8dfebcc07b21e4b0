import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex, type Readable, type Writable } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { type SpdyStream, serveSpdy } from "./spdy.js";

/** What the API server was asked, and who it was told is asking. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly user: string | undefined;
  readonly groups: readonly string[];
  readonly upgrade: string | undefined;
}

interface Running {
  readonly stdin: Writable | null;
  readonly stdout: Writable | null;
  readonly stderr: Writable | null;
  /** `null`: it went well. */
  status(code: number | null): void;
}

const pod = (name: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "default", uid: `uid-${name}`, creationTimestamp: "2026-01-01T00:00:00Z" },
  spec: { containers: [{ name: "main", image: "example/main:1" }] },
  status: {
    phase: "Running",
    containerStatuses: [{ name: "main", ready: true, restartCount: 0, state: { running: {} } }],
  },
});

/** A small API server of Kubernetes' own shape: discovery, pods, config maps, logs, exec, attach and port-forward. Its one pod is a folder. */
export async function startApiServer() {
  const folder = mkdtempSync(join(tmpdir(), "hoop-kube-"));
  const asked: Asked[] = [];
  const maps = new Map<string, Record<string, unknown>>();
  const pods = new Set(["web", "old"]);
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) =>
      [...offered].find((one) =>
        ["v5.channel.k8s.io", "v4.channel.k8s.io", "SPDY/3.1+portforward.k8s.io"].includes(one),
      ) ?? false,
  });

  function note(request: IncomingMessage): URL {
    const group = request.headersDistinct["impersonate-group"] ?? [];
    asked.push({
      method: request.method ?? "",
      url: request.url ?? "",
      authorization: request.headers.authorization,
      user: request.headers["impersonate-user"] as string | undefined,
      groups: group,
      upgrade: request.headers.upgrade,
    });
    return new URL(request.url ?? "/", "http://api");
  }

  const json = (response: ServerResponse, status: number, body: unknown) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  const missing = (response: ServerResponse, what: string) =>
    json(response, 404, {
      kind: "Status",
      apiVersion: "v1",
      status: "Failure",
      message: `${what} not found`,
      reason: "NotFound",
      code: 404,
    });

  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = note(request);
    const { method } = request;
    if (pathname === "/version") return json(response, 200, { major: "1", minor: "32", gitVersion: "v1.32.0" });
    if (pathname === "/api") return json(response, 200, { kind: "APIVersions", versions: ["v1"] });
    if (pathname === "/apis") return json(response, 200, { kind: "APIGroupList", apiVersion: "v1", groups: [] });
    if (pathname === "/api/v1") return json(response, 200, resources);
    const [, , , , , kind, name, sub] = pathname.split("/");
    if (kind === "pods" && name === undefined) {
      const items = [...pods].map(pod);
      return json(response, 200, { kind: "PodList", apiVersion: "v1", metadata: { resourceVersion: "1" }, items });
    }
    if (kind === "pods" && name !== undefined && !pods.has(name)) return missing(response, `pods "${name}"`);
    if (kind === "pods" && sub === "log") {
      response.writeHead(200, { "content-type": "text/plain" });
      response.write("started\nlistening\n");
      if (searchParams.get("follow") !== "true") return response.end();
      const more = setInterval(() => response.write("tick\n"), 50);
      response.on("close", () => clearInterval(more));
      return;
    }
    if (kind === "pods" && method === "DELETE") {
      pods.delete(name!);
      return json(response, 200, pod(name!));
    }
    if (kind === "pods") return json(response, 200, pod(name!));
    if (kind === "configmaps" && (method === "POST" || method === "PATCH" || method === "PUT")) {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const object = JSON.parse(Buffer.concat(chunks).toString()) as { metadata: { name: string } };
      maps.set(object.metadata.name, { kind: "ConfigMap", apiVersion: "v1", ...object });
      return json(response, method === "POST" ? 201 : 200, maps.get(object.metadata.name));
    }
    if (kind === "configmaps" && name !== undefined && maps.has(name)) return json(response, 200, maps.get(name));
    missing(response, pathname);
  });

  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const url = note(request);
    socket.on("error", () => {});
    const sub = url.pathname.split("/").at(-1);
    if (request.headers.upgrade?.toLowerCase() === "websocket") {
      return sockets.handleUpgrade(request, socket, head, (ws) => {
        ws.on("error", () => {});
        if (sub === "portforward") return serveSpdy(duplexOf(ws), forward);
        start(url, overWebSocket(ws, url));
      });
    }
    const version = request.headers["x-stream-protocol-version"];
    const offered = [...(Array.isArray(version) ? version : [version ?? ""])].join(",");
    const chosen = sub === "portforward" ? "portforward.k8s.io" : "v4.channel.k8s.io";
    if (!offered.includes(chosen)) return socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${chosen}\r\n\r\n`,
    );
    if (head.length > 0) socket.unshift(head);
    if (sub === "portforward") return serveSpdy(socket, forward);
    overSpdy(socket, url, (running) => start(url, running));
  });

  /** What exec and attach do: the command in the pod's folder; attached is what says its name and echoes. */
  function start(url: URL, running: Running): void {
    const words = url.pathname.endsWith("/attach")
      ? ["sh", "-c", "echo attached to main; cat"]
      : url.searchParams.getAll("command");
    const child = spawn(words[0] ?? "true", words.slice(1), { cwd: folder, env: { PATH: process.env.PATH ?? "" } });
    child.on("error", (error) => {
      running.stderr?.write(`${error.message}\n`);
      running.status(127);
    });
    if (running.stdin) (running.stdin as unknown as Readable).pipe(child.stdin);
    else child.stdin.end();
    child.stdin.on("error", () => {});
    child.stdout.on("data", (chunk) => running.stdout?.write(chunk));
    child.stderr.on("data", (chunk) => running.stderr?.write(chunk));
    child.on("close", (code) => running.status(code === 0 ? null : (code ?? 137)));
  }

  // What was upgraded is no connection of the server's any more.
  const open = new Set<Duplex>();
  server.on("connection", (socket: Duplex) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    folder,
    asked,
    pods,
    maps,
    async stop(): Promise<void> {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type ApiServer = Awaited<ReturnType<typeof startApiServer>>;

/** Port-forward: a data stream and an error stream for each connection; the pod's ports are those of this machine. */
function forward(stream: SpdyStream): void {
  if (stream.headers.streamtype !== "data") return;
  const socket = connect({ host: "127.0.0.1", port: Number(stream.headers.port) });
  socket.on("error", () => stream.end());
  stream.pipe(socket).pipe(stream);
}

const statusOf = (code: number | null) =>
  JSON.stringify(
    code === null
      ? { metadata: {}, status: "Success" }
      : {
          metadata: {},
          status: "Failure",
          reason: "NonZeroExitCode",
          message: `command terminated with exit code ${code}`,
          details: { causes: [{ reason: "ExitCode", message: String(code) }] },
        },
  );

function overSpdy(socket: Duplex, url: URL, onReady: (running: Running) => void): void {
  const wanted = ["error", ...["stdin", "stdout", "stderr"].filter((name) => url.searchParams.get(name) === "true")];
  if (url.searchParams.get("tty") === "true") wanted.splice(wanted.indexOf("stderr") >>> 0, 1);
  const streams = new Map<string, SpdyStream>();
  serveSpdy(socket, (stream) => {
    streams.set(stream.headers.streamtype ?? "", stream);
    if (!wanted.every((name) => streams.has(name)) || streams.size > wanted.length) return;
    onReady({
      stdin: streams.get("stdin") ?? null,
      stdout: streams.get("stdout") ?? null,
      stderr: streams.get("stderr") ?? null,
      status(code) {
        streams.get("error")!.end(statusOf(code));
        streams.get("stdout")?.end();
        streams.get("stderr")?.end();
        setTimeout(() => socket.end(), 50);
      },
    });
  });
}

/** The first byte of a message is its channel: 0 stdin, 1 stdout, 2 stderr, 3 the status, 4 the terminal's size, 255 the end of one (v5). */
function overWebSocket(ws: WebSocket, url: URL): Running {
  const stdin = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
  ws.on("message", (message: Buffer) => {
    if (message[0] === 0 && message.length > 1) stdin.push(message.subarray(1));
    else if (message[0] === 255 && message[1] === 0) stdin.push(null);
  });
  ws.on("close", () => stdin.push(null));
  const channel = (number: number) =>
    new Duplex({
      read: () => {},
      write: (chunk: Buffer, _encoding, done) => {
        ws.send(Buffer.concat([Buffer.from([number]), chunk]));
        done();
      },
    });
  return {
    stdin: url.searchParams.get("stdin") === "true" ? stdin : null,
    stdout: channel(1),
    stderr: channel(2),
    status(code) {
      ws.send(Buffer.concat([Buffer.from([3]), Buffer.from(statusOf(code))]));
      ws.close(1000);
    },
  };
}

function duplexOf(ws: WebSocket): Duplex {
  const duplex = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => {
      ws.send(chunk);
      done();
    },
    final: (done) => {
      ws.close(1000);
      done();
    },
  });
  ws.on("message", (message: Buffer) => duplex.push(message));
  ws.on("close", () => duplex.destroy());
  duplex.on("error", () => {});
  return duplex;
}

const verbs = ["create", "delete", "get", "list", "patch", "update", "watch"];
const resources = {
  kind: "APIResourceList",
  groupVersion: "v1",
  resources: [
    { name: "pods", singularName: "pod", namespaced: true, kind: "Pod", shortNames: ["po"], verbs },
    { name: "pods/exec", singularName: "", namespaced: true, kind: "PodExecOptions", verbs: ["create", "get"] },
    { name: "pods/attach", singularName: "", namespaced: true, kind: "PodAttachOptions", verbs: ["create", "get"] },
    { name: "pods/log", singularName: "", namespaced: true, kind: "Pod", verbs: ["get"] },
    {
      name: "pods/portforward",
      singularName: "",
      namespaced: true,
      kind: "PodPortForwardOptions",
      verbs: ["create", "get"],
    },
    { name: "configmaps", singularName: "configmap", namespaced: true, kind: "ConfigMap", shortNames: ["cm"], verbs },
    { name: "namespaces", singularName: "namespace", namespaced: false, kind: "Namespace", verbs },
  ],
};
